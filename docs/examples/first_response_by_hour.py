"""How long people wait for our first answer, by the hour of day (UTC) at which they wrote."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.facts import Fact
from schemas.facts.incident import IncidentOpened, InteractionLinked
from schemas.interaction import Direction

NAME = "first_response_by_hour"
VERSION = 1
COLUMNS = ("hour", "answered", "unanswered", "p50_seconds", "p90_seconds")
FACTS = (IncidentOpened, InteractionLinked)


@dataclass
class State:
    """Incidents that wait for an answer, and the waits that ended, by hour."""

    waiting: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    waits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))


def initial() -> State:
    """Nobody waits."""
    return State()


def reduce(state: State, fact: Fact) -> State:
    """An incident waits from its opening to the first interaction that a person of ours sent."""
    match fact:
        case IncidentOpened():
            state.waiting[fact.incident] = fact.at
        case InteractionLinked(direction=Direction.OUT) if fact.by:
            opened_at = state.waiting.pop(fact.incident, None)
            if opened_at is not None:
                state.waits[opened_at.hour].append((fact.at - opened_at).total_seconds())
        case _:
            pass
    return state


def rows(state: State) -> Iterator[tuple[int, int, int, float | None, float | None]]:
    """One row an hour of the day in which anybody wrote."""
    unanswered = [opened_at.hour for opened_at in state.waiting.values()]
    for hour in sorted({*state.waits, *unanswered}):
        waits = state.waits.get(hour, [])
        p50 = statistics.median(waits) if waits else None
        p90 = statistics.quantiles(waits, n=10, method="inclusive")[-1] if len(waits) > 1 else p50
        yield hour, len(waits), unanswered.count(hour), p50, p90
