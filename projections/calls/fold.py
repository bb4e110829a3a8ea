"""How facts become the row of a call: its start, answer, holds, end, agent and notes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.erasure import erased
from projections.projection import Everywhere, Projection, Table, changes, on, opens
from projections.talk import between
from schemas.facts.call import (
    CallAnswered,
    CallAttached,
    CallEnded,
    CallHeld,
    CallIdentified,
    CallNoted,
    CallOutcomeSet,
    CallParted,
    CallRang,
    CallResumed,
    CallStarted,
)
from schemas.facts.customer import PersonErased


class CallRow(msgspec.Struct, frozen=True):
    """A row of `calls`."""

    id: UUID
    position: int
    interaction: UUID
    incident: UUID | None
    state: str
    direction: str
    line: str
    address: UUID
    phone: str
    agent: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    held_at: datetime | None
    held_seconds: float
    rings: list[str]
    notes: str
    notes_address: UUID | None
    outcome: str
    outcome_address: UUID | None
    same: str
    reported_line: str


CALLS_TABLE = Table(
    "calls",
    CallRow,
    ("id",),
    # one's own, and what rings: somebody has to answer it
    seen="agent = current_setting('cauce.person') OR agent = '' AND state = 'ringing' OR public.sees(incident)",
)


def _started(fact: CallStarted, event: Recorded) -> CallRow:
    return CallRow(
        id=fact.call,
        position=event.position,
        interaction=fact.interaction,
        incident=None,
        state="ringing",
        direction=fact.direction.value,
        line=fact.line,
        address=fact.address,
        phone=fact.personal.text if fact.personal else "",
        agent=fact.agent,
        started_at=fact.at,
        answered_at=None,
        ended_at=None,
        held_at=None,
        held_seconds=0.0,
        rings=[],
        notes="",
        notes_address=None,
        outcome="",
        outcome_address=None,
        same="",
        reported_line="",
    )


def _rang(row: CallRow, fact: CallRang, _: Recorded) -> CallRow:
    return replace(row, rings=list(fact.users))


def _held(row: CallRow, fact: CallHeld, _: Recorded) -> CallRow:
    return replace(row, held_at=fact.at)


def _resumed(row: CallRow, fact: CallResumed, _: Recorded) -> CallRow:
    return replace(row, held_at=None, held_seconds=row.held_seconds + between(row.held_at, fact.at))


def _answered(row: CallRow, fact: CallAnswered, _: Recorded) -> CallRow:
    state = "active" if row.state == "ringing" else row.state
    return replace(row, state=state, answered_at=fact.at, agent=fact.agent or row.agent)


def _ended(row: CallRow, fact: CallEnded, _: Recorded) -> CallRow:
    return replace(
        row,
        state="ended",
        ended_at=fact.at,
        held_at=None,
        held_seconds=row.held_seconds + between(row.held_at, fact.at),
        outcome=fact.outcome or row.outcome,
        outcome_address=None if fact.outcome else row.outcome_address,
    )


def _noted(row: CallRow, fact: CallNoted, _: Recorded) -> CallRow:
    return replace(row, notes=fact.personal.text if fact.personal else "", notes_address=fact.address)


def _outcome_set(row: CallRow, fact: CallOutcomeSet, _: Recorded) -> CallRow:
    # recorded as v1 it has no address: the call's
    return replace(
        row, outcome=fact.personal.text if fact.personal else "", outcome_address=fact.address or row.address
    )


def _identified(row: CallRow, fact: CallIdentified, _: Recorded) -> CallRow:
    return replace(row, same=fact.reason.value, reported_line=fact.line, agent=row.agent or fact.agent)


def _parted(row: CallRow, _fact: CallParted, _: Recorded) -> CallRow:
    return replace(row, same="", reported_line="")


def _attached(row: CallRow, fact: CallAttached, _: Recorded) -> CallRow:
    return replace(row, incident=fact.incident)


CALLS = Projection(
    "calls",
    version=6,
    ddl="calls/tables.sql",
    tables=(CALLS_TABLE,),
    on=(
        on(CallStarted, opens(CALLS_TABLE, lambda fact: fact.call, _started)),
        on(CallAnswered, changes(CALLS_TABLE, lambda fact: fact.call, _answered)),
        on(CallRang, changes(CALLS_TABLE, lambda fact: fact.call, _rang)),
        on(CallHeld, changes(CALLS_TABLE, lambda fact: fact.call, _held)),
        on(CallResumed, changes(CALLS_TABLE, lambda fact: fact.call, _resumed)),
        on(CallEnded, changes(CALLS_TABLE, lambda fact: fact.call, _ended)),
        on(CallNoted, changes(CALLS_TABLE, lambda fact: fact.call, _noted)),
        on(CallOutcomeSet, changes(CALLS_TABLE, lambda fact: fact.call, _outcome_set)),
        on(CallIdentified, changes(CALLS_TABLE, lambda fact: fact.call, _identified)),
        on(CallParted, changes(CALLS_TABLE, lambda fact: fact.call, _parted)),
        on(CallAttached, changes(CALLS_TABLE, lambda fact: fact.call, _attached)),
        on(
            PersonErased,
            Everywhere("UPDATE calls SET phone = '' WHERE address = ANY(%(addresses)s)", erased),
            Everywhere("UPDATE calls SET outcome = '' WHERE outcome_address = ANY(%(addresses)s)", erased),
            Everywhere("UPDATE calls SET notes = '' WHERE notes_address = ANY(%(addresses)s)", erased),
        ),
    ),
)
