"""Call-me-back: who wants to be called when, who sees to it, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections import incidents
from projections.erasure import erased
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.projection import Everywhere, Projection, Table, changes, on, opens
from schemas.facts.callback import (
    CallbackCancelled,
    CallbackDone,
    CallbackReleased,
    CallbackRequested,
    CallbackRescheduled,
    CallbackTaken,
)
from schemas.facts.customer import PersonErased


class Callback(msgspec.Struct, frozen=True):
    """A call-me-back. `number`: its incident's; `agent`: who took it, did it, or called it off."""

    id: UUID
    number: int | None
    state: str
    name: str
    phone: str
    text: str
    since: datetime
    until: datetime
    time_zone: str
    language: str
    requested_at: datetime
    agent: str
    taken_at: datetime | None
    call: UUID | None
    over_at: datetime | None
    reason: str


class CallbackRow(msgspec.Struct, frozen=True):
    """A row of `callbacks`."""

    id: UUID
    position: int
    incident: UUID
    address: UUID
    name: str
    phone: str
    text: str
    since: datetime
    until: datetime
    time_zone: str
    language: str
    requested_at: datetime
    state: str
    agent: str
    call: UUID | None
    taken_at: datetime | None
    over_at: datetime | None
    reason: str


_CALLBACKS = Table("callbacks", CallbackRow, ("id",), seen="public.sees(incident, said => id)")


def _requested(fact: CallbackRequested, event: Recorded) -> CallbackRow:
    wish = fact.personal
    return CallbackRow(
        id=fact.callback,
        position=event.position,
        incident=fact.incident,
        address=fact.address,
        name=wish.name if wish else "",
        phone=wish.phone if wish else "",
        text=wish.text if wish else "",
        since=fact.since,
        until=fact.until,
        time_zone=fact.time_zone,
        language=fact.language,
        requested_at=fact.at,
        state="open",
        agent="",
        call=None,
        taken_at=None,
        over_at=None,
        reason="",
    )


def _rescheduled(row: CallbackRow, fact: CallbackRescheduled, _: Recorded) -> CallbackRow:
    return replace(row, since=fact.since, until=fact.until)


def _taken(row: CallbackRow, fact: CallbackTaken, _: Recorded) -> CallbackRow:
    return replace(row, state="taken", agent=fact.by, call=fact.call or row.call, taken_at=fact.at)


def _released(row: CallbackRow, _fact: CallbackReleased, _: Recorded) -> CallbackRow:
    return replace(row, state="open", agent="", call=None, taken_at=None, over_at=None, reason="")


def _done(row: CallbackRow, fact: CallbackDone, _: Recorded) -> CallbackRow:
    return replace(row, state="done", agent=fact.by, call=fact.call or row.call, over_at=fact.at)


def _cancelled(row: CallbackRow, fact: CallbackCancelled, _: Recorded) -> CallbackRow:
    return replace(
        row, state="cancelled", agent=fact.by, over_at=fact.at, reason=fact.personal.text if fact.personal else ""
    )


CALLBACKS = Projection(
    "callbacks",
    version=3,
    ddl="callbacks.sql",
    tables=(_CALLBACKS,),
    on=(
        on(CallbackRequested, opens(_CALLBACKS, lambda fact: fact.callback, _requested)),
        on(CallbackRescheduled, changes(_CALLBACKS, lambda fact: fact.callback, _rescheduled)),
        on(CallbackTaken, changes(_CALLBACKS, lambda fact: fact.callback, _taken)),
        on(CallbackReleased, changes(_CALLBACKS, lambda fact: fact.callback, _released)),
        on(CallbackDone, changes(_CALLBACKS, lambda fact: fact.callback, _done)),
        on(CallbackCancelled, changes(_CALLBACKS, lambda fact: fact.callback, _cancelled)),
        on(
            PersonErased,
            Everywhere(
                "UPDATE callbacks SET name = '', phone = '', text = '', reason = '' WHERE address = ANY(%(addresses)s)",
                erased,
            ),
        ),
    ),
)

_COLUMNS: LiteralString = (
    "SELECT id, position, incident, address, name, phone, text, since, until, time_zone, language, requested_at,"
    " state, agent, call, taken_at, over_at, reason FROM callbacks"
)


def find(
    connection: Connection, *, state: str | None = None, cursor: str | None = None, limit: int = LIMIT
) -> Page[Callback]:
    """Newest first. `state`: open, taken, done or cancelled."""
    conditions = [sql.SQL("true")]
    values: list[object] = []
    if state is not None:
        conditions.append(sql.SQL("state = %s"))
        values.append(state)
    if cursor:
        conditions.append(sql.SQL("position < %s"))
        values.append(read_cursor(cursor, int))
    query = sql.SQL("{} WHERE {} ORDER BY position DESC LIMIT %s").format(
        sql.SQL(_COLUMNS), sql.SQL(" AND ").join(conditions)
    )
    with connection.cursor(row_factory=class_row(CallbackRow)) as reader:
        rows = reader.execute(query, (*values, bounded(limit) + 1)).fetchall()
    kept, following = page_of(rows, limit, lambda row: row.position)
    return Page(_shown(connection, kept), following)


def due(connection: Connection, *, limit: int = 100) -> list[Callback]:
    """All that somebody still has to call, the first to be late first."""
    with connection.cursor(row_factory=class_row(CallbackRow)) as reader:
        query = sql.SQL("{} WHERE state IN ('open', 'taken') ORDER BY until, position LIMIT %s").format(
            sql.SQL(_COLUMNS)
        )
        return _shown(connection, reader.execute(query, (limit,)).fetchall())


def get(connection: Connection, callback: UUID) -> Callback | None:
    """One call-me-back."""
    with connection.cursor(row_factory=class_row(CallbackRow)) as reader:
        row = reader.execute(sql.SQL("{} WHERE id = %s").format(sql.SQL(_COLUMNS)), (callback,)).fetchone()
    return _shown(connection, [row])[0] if row else None


def of_call(connection: Connection, call: UUID) -> Callback | None:
    """The wish a call was made for."""
    with connection.cursor(row_factory=class_row(CallbackRow)) as reader:
        row = reader.execute(sql.SQL("{} WHERE call = %s").format(sql.SQL(_COLUMNS)), (call,)).fetchone()
    return _shown(connection, [row])[0] if row else None


def _shown(connection: Connection, rows: Sequence[CallbackRow]) -> list[Callback]:
    places = incidents.places(connection, [row.id for row in rows])
    where = {row.id: places.get(row.id, row.incident) for row in rows}
    numbers = incidents.roots(connection, list(where.values()))
    return [
        Callback(
            id=row.id,
            number=numbers.get(where[row.id]),
            state=row.state,
            name=row.name,
            phone=row.phone,
            text=row.text,
            since=row.since,
            until=row.until,
            time_zone=row.time_zone,
            language=row.language,
            requested_at=row.requested_at,
            agent=row.agent,
            taken_at=row.taken_at,
            call=row.call,
            over_at=row.over_at,
            reason=row.reason,
        )
        for row in rows
    ]
