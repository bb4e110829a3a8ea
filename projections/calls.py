"""Call tracking: every call with its start, answer, end, agent and notes; the list of those going on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections import incidents
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.projection import Everywhere, Projection, Table, changes, on, opens
from schemas.facts.call import CallAnswered, CallAttached, CallEnded, CallNoted, CallOutcomeSet, CallStarted
from schemas.facts.customer import PersonErased


class Call(msgspec.Struct, frozen=True):
    """A call as SURFACE states it. `seconds`: talked, once ended."""

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


class CallRow(msgspec.Struct, frozen=True):
    """A row of `calls`."""

    id: UUID
    position: int
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
    notes: str
    notes_address: UUID | None
    outcome: str


_CALLS = Table("calls", CallRow, ("id",))


def _started(fact: CallStarted, event: Recorded) -> CallRow:
    return CallRow(
        id=fact.call,
        position=event.position,
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
        notes="",
        notes_address=None,
        outcome="",
    )


def _answered(row: CallRow, fact: CallAnswered, _: Recorded) -> CallRow:
    state = "active" if row.state == "ringing" else row.state
    return replace(row, state=state, answered_at=fact.at, agent=fact.agent or row.agent)


def _ended(row: CallRow, fact: CallEnded, _: Recorded) -> CallRow:
    return replace(row, state="ended", ended_at=fact.at, outcome=fact.outcome or row.outcome)


def _noted(row: CallRow, fact: CallNoted, _: Recorded) -> CallRow:
    return replace(row, notes=fact.personal.text if fact.personal else "", notes_address=fact.address)


def _outcome_set(row: CallRow, fact: CallOutcomeSet, _: Recorded) -> CallRow:
    return replace(row, outcome=fact.outcome)


def _attached(row: CallRow, fact: CallAttached, _: Recorded) -> CallRow:
    return replace(row, incident=fact.incident)


def _erased(fact: PersonErased) -> dict[str, Any]:
    return {"addresses": list(fact.addresses)}


CALLS = Projection(
    "calls",
    version=1,
    ddl="calls.sql",
    tables=(_CALLS,),
    on=(
        on(CallStarted, opens(_CALLS, lambda fact: fact.call, _started)),
        on(CallAnswered, changes(_CALLS, lambda fact: fact.call, _answered)),
        on(CallEnded, changes(_CALLS, lambda fact: fact.call, _ended)),
        on(CallNoted, changes(_CALLS, lambda fact: fact.call, _noted)),
        on(CallOutcomeSet, changes(_CALLS, lambda fact: fact.call, _outcome_set)),
        on(CallAttached, changes(_CALLS, lambda fact: fact.call, _attached)),
        on(
            PersonErased,
            Everywhere("UPDATE calls SET phone = '' WHERE address = ANY(%(addresses)s)", _erased),
            Everywhere("UPDATE calls SET notes = '' WHERE notes_address = ANY(%(addresses)s)", _erased),
        ),
    ),
)


def find(
    connection: Connection,
    *,
    state: str | None = None,
    incident: UUID | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[Call]:
    """Calls, newest first. `state`: ringing, active or ended; `incident`: those attached to it."""
    conditions = [sql.SQL("true")]
    values: list[object] = []
    if state is not None:
        conditions.append(sql.SQL("state = %s"))
        values.append(state)
    if incident is not None:
        conditions.append(sql.SQL("incident = %s"))
        values.append(incident)
    if cursor:
        conditions.append(sql.SQL("position < %s"))
        values.append(read_cursor(cursor, int))
    query = sql.SQL(
        "SELECT id, position, incident, state, direction, line, address, phone, agent, started_at, answered_at,"
        " ended_at, notes, notes_address, outcome FROM calls WHERE {} ORDER BY position DESC LIMIT %s"
    ).format(sql.SQL(" AND ").join(conditions))
    with connection.cursor(row_factory=class_row(CallRow)) as reader:
        rows = reader.execute(query, (*values, bounded(limit) + 1)).fetchall()
    kept, following = page_of(rows, limit, lambda row: row.position)
    return Page(_shown(connection, kept), following)


def get(connection: Connection, call: UUID) -> Call | None:
    """One call."""
    with connection.cursor(row_factory=class_row(CallRow)) as reader:
        row = reader.execute(
            "SELECT id, position, incident, state, direction, line, address, phone, agent, started_at, answered_at,"
            " ended_at, notes, notes_address, outcome FROM calls WHERE id = %s",
            (call,),
        ).fetchone()
    return _shown(connection, [row])[0] if row else None


def _shown(connection: Connection, rows: Sequence[CallRow]) -> list[Call]:
    numbers = incidents.roots(connection, [row.incident for row in rows if row.incident])
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
            seconds=_seconds(row),
            notes=row.notes,
            outcome=row.outcome,
            line=row.line,
        )
        for row in rows
    ]


def _seconds(row: CallRow) -> float | None:
    if row.ended_at is None:
        return None
    return max(0.0, (row.ended_at - row.answered_at).total_seconds()) if row.answered_at else 0.0
