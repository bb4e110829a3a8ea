"""Reading calls: found, one, those that ring and go on, those that lines of a timeline are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections import customers, incidents
from projections.calls.fold import CALLS_TABLE, CallRow
from projections.calls.shape import Call, Who
from projections.newest import by_key, newest
from projections.page import LIMIT, Page
from projections.talk import talked

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
        CALLS_TABLE,
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
    row = by_key(connection, CALLS_TABLE, call)
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
