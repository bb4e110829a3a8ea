"""Call tracking: every call with its start, answer, holds, end, agent and notes; those that ring and go on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections import customers, incidents
from projections.erasure import erased
from projections.newest import by_key, newest
from projections.page import LIMIT, Page
from projections.projection import Everywhere, Projection, Table, changes, on, opens
from projections.talk import between, talked
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


class Who(msgspec.Struct, frozen=True):
    """The customer whose number it is, as read now."""

    id: UUID
    name: str


class Call(msgspec.Struct, frozen=True):
    """A call as SURFACE states it. `seconds`: talked, once ended, without `held_seconds`; `held_at`: on hold since.

    `rings_at`: the users it rings at; none: everybody. `same`: why what was logged and what `line` reports is one.
    """

    id: UUID
    number: int | None
    state: str
    direction: str
    phone: str
    agent: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    notes: str
    outcome: str
    line: str = ""
    held_at: datetime | None = None
    held_seconds: float = 0.0
    rings_at: list[str] = []
    customer: Who | None = None
    same: str = ""


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


_CALLS = Table(
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
    ddl="calls.sql",
    tables=(_CALLS,),
    on=(
        on(CallStarted, opens(_CALLS, lambda fact: fact.call, _started)),
        on(CallAnswered, changes(_CALLS, lambda fact: fact.call, _answered)),
        on(CallRang, changes(_CALLS, lambda fact: fact.call, _rang)),
        on(CallHeld, changes(_CALLS, lambda fact: fact.call, _held)),
        on(CallResumed, changes(_CALLS, lambda fact: fact.call, _resumed)),
        on(CallEnded, changes(_CALLS, lambda fact: fact.call, _ended)),
        on(CallNoted, changes(_CALLS, lambda fact: fact.call, _noted)),
        on(CallOutcomeSet, changes(_CALLS, lambda fact: fact.call, _outcome_set)),
        on(CallIdentified, changes(_CALLS, lambda fact: fact.call, _identified)),
        on(CallParted, changes(_CALLS, lambda fact: fact.call, _parted)),
        on(CallAttached, changes(_CALLS, lambda fact: fact.call, _attached)),
        on(
            PersonErased,
            Everywhere("UPDATE calls SET phone = '' WHERE address = ANY(%(addresses)s)", erased),
            Everywhere("UPDATE calls SET outcome = '' WHERE outcome_address = ANY(%(addresses)s)", erased),
            Everywhere("UPDATE calls SET notes = '' WHERE notes_address = ANY(%(addresses)s)", erased),
        ),
    ),
)


_COLUMNS: LiteralString = (
    "SELECT id, position, interaction, incident, state, direction, line, address, phone, agent, started_at,"
    " answered_at, ended_at, held_at, held_seconds, rings, notes, notes_address, outcome, outcome_address, same,"
    " reported_line FROM calls"
)
_GOING_ON_MAX = 200


def find(
    connection: Connection,
    *,
    state: str | None = None,
    incident: UUID | None = None,
    agent: str | None = None,
    address_of: UUID | None = None,
    number: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[Call]:
    """Calls, newest first. `state`: ringing, active, held or ended; `number`: digits in a row of it.

    `incident`: those attached to it; `address_of`: those with the other side of this call.
    `since`, `until` (exclusive): when they began.
    """
    held = state == "held"
    kept, following = newest(
        connection,
        _CALLS,
        lambda row: row.position,
        [
            ("held_at IS NOT NULL AND state = %s", "active" if held else None),
            ("state = %s", None if held else state),
            ("incident = %s", incident),
            ("agent = %s", agent),
            ("address = (SELECT address FROM calls WHERE id = %s)", address_of),
            ("phone LIKE %s", None if number is None else f"%{_digits(number)}%"),
            ("started_at >= %s", since),
            ("started_at < %s", until),
        ],
        cursor=cursor,
        limit=limit,
    )
    return Page(_shown(connection, kept), following)


def going_on(connection: Connection) -> list[Call]:
    """Everything that rings or talks, the longest first."""
    with connection.cursor(row_factory=class_row(CallRow)) as reader:
        query = sql.SQL("{} WHERE state <> 'ended' ORDER BY started_at, position LIMIT %s").format(sql.SQL(_COLUMNS))
        return _shown(connection, reader.execute(query, (_GOING_ON_MAX,)).fetchall())


def mine(connection: Connection, agent: str, *, ringing_since: datetime) -> list[Call]:
    """What a user's screens show: their calls going on, then what rings at them and began after `ringing_since`."""
    with connection.cursor(row_factory=class_row(CallRow)) as reader:
        query = sql.SQL(
            "{} WHERE state <> 'ended' AND (agent = %s OR"
            " (state = 'ringing' AND agent = '' AND started_at >= %s AND (rings = '{{}}' OR %s = ANY(rings))))"
            " ORDER BY agent = '', started_at, position LIMIT 20"
        ).format(sql.SQL(_COLUMNS))
        return _shown(connection, reader.execute(query, (agent, ringing_since, agent)).fetchall())


def get(connection: Connection, call: UUID) -> Call | None:
    """One call."""
    row = by_key(connection, _CALLS, call)
    return _shown(connection, [row])[0] if row else None


def of_interactions(connection: Connection, interactions: Collection[UUID]) -> dict[UUID, Call]:
    """The calls that these lines of a timeline are."""
    with connection.cursor(row_factory=class_row(CallRow)) as reader:
        query = sql.SQL("{} WHERE interaction = ANY(%s)").format(sql.SQL(_COLUMNS))
        rows = reader.execute(query, (list(interactions),)).fetchall()
    return dict(zip((row.interaction for row in rows), _shown(connection, rows), strict=True))


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdecimal()) or "-"


def _shown(connection: Connection, rows: Sequence[CallRow]) -> list[Call]:
    numbers = incidents.roots(connection, [row.incident for row in rows if row.incident])
    people = customers.of_addresses(connection, {row.address for row in rows})
    return [
        Call(
            id=row.id,
            number=numbers.get(row.incident) if row.incident else None,
            state=row.state,
            direction=row.direction,
            phone=row.phone.removeprefix("phone:"),
            agent=row.agent,
            started_at=row.started_at,
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            seconds=None if row.ended_at is None else talked(row.answered_at, row.ended_at, row.held_seconds),
            notes=row.notes,
            outcome=row.outcome,
            line=row.line or row.reported_line,
            same=row.same,
            held_at=row.held_at,
            held_seconds=row.held_seconds,
            rings_at=row.rings,
            customer=Who(*people[row.address]) if row.address in people else None,
        )
        for row in rows
    ]
