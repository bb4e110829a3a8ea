"""Who changes channel in the middle of an incident: from which to which, how often, how long after the last word."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.facts import Fact
from schemas.facts.incident import InteractionLinked
from schemas.interaction import Direction

NAME = "channel_switches"
VERSION = 1
COLUMNS = ("from_channel", "to_channel", "switches", "incidents", "median_minutes_between")
FACTS = (InteractionLinked,)


@dataclass
class Switch:
    """All changes from one channel to another."""

    incidents: set[UUID] = field(default_factory=set[UUID])
    minutes: list[float] = field(default_factory=list[float])


@dataclass
class State:
    """The customer's last word of each incident, and the changes so far."""

    last: dict[UUID, tuple[str, datetime]] = field(default_factory=dict[UUID, tuple[str, datetime]])
    switches: dict[tuple[str, str], Switch] = field(default_factory=lambda: defaultdict(Switch))


def initial() -> State:
    """Nobody has said anything."""
    return State()


def reduce(state: State, fact: Fact) -> State:
    """Only what people write to us counts; an interaction that an agent moves is no switch."""
    match fact:
        case InteractionLinked(direction=Direction.IN, automatic=None) if not fact.by:
            before = state.last.get(fact.incident)
            state.last[fact.incident] = (fact.channel.value, fact.at)
            if before is not None and before[0] != fact.channel.value:
                switch = state.switches[before[0], fact.channel.value]
                switch.incidents.add(fact.incident)
                switch.minutes.append((fact.at - before[1]).total_seconds() / 60)
        case _:
            pass
    return state


def rows(state: State) -> Iterator[tuple[str, str, int, int, float]]:
    """The most frequent change first."""
    for (before, after), switch in sorted(state.switches.items(), key=lambda item: (-len(item[1].minutes), item[0])):
        yield before, after, len(switch.minutes), len(switch.incidents), round(statistics.median(switch.minutes), 1)
