"""The event table: append under the lock, read in order. Every statement on `events` stands here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import starmap
from uuid import UUID

import psycopg

from eventstore import copied
from eventstore.database import Connection
from eventstore.recorded import NewEvent, Recorded
from schemas.errors import ConflictError

_LOCK_CLASS = 1129338179
_EVENTS_LOCK = 1

_LAST = 2**62
_LAST_VERSION = 2**31 - 1

_OLDEST_FIRST = (
    "SELECT position, stream, version, type, data, recorded_at, causation, correlation FROM events"
    " WHERE stream = %s AND version > %s AND version <= %s ORDER BY version LIMIT %s"
)
_NEWEST_FIRST = (
    "SELECT position, stream, version, type, data, recorded_at, causation, correlation FROM events"
    " WHERE stream = %s AND version > %s AND version <= %s ORDER BY version DESC LIMIT %s"
)

_Row = tuple[int, str, int, str, bytes, datetime, UUID | None, UUID | None]


def lock(connection: Connection) -> None:
    """Become the only writer until the transaction ends. Its own first statement: what is read after it is fresh."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK_CLASS, _EVENTS_LOCK))


def now(connection: Connection) -> datetime:
    """The database's time: asked under the lock, it never runs back from one writer to the next."""
    row: tuple[datetime] | None = connection.execute("SELECT clock_timestamp()").fetchone()
    if row is None:
        msg = "a SELECT without a WHERE gave no row"
        raise AssertionError(msg)
    return row[0]


def append(connection: Connection, events: Sequence[NewEvent]) -> list[int]:
    """Append in the given order; returns the positions, ascending. Raises ConflictError on a version already taken."""
    return append_as_made(connection, len(events), events)


def append_as_made(connection: Connection, count: int, events: Iterable[NewEvent]) -> list[int]:
    """As `append`, of so many events that are still being made: the database takes those that are, meanwhile.

    COPY, which takes rows faster than INSERT (docs/decisions), with positions reserved beforehand, under the lock.
    """
    if not count:
        return []
    positions, now = _reserve(connection, count)
    try:
        with connection.cursor().copy(f"COPY events ({copied.COLUMNS}) FROM STDIN (FORMAT BINARY)") as copying:
            for part in copied.parts(positions, events, now):
                copying.write(part)
    except psycopg.errors.UniqueViolation as error:
        msg = "somebody else changed this meanwhile; read it again"
        raise ConflictError(msg) from error
    connection.appended_to.add("events")
    return list(positions)


def _reserve(connection: Connection, count: int) -> tuple[range, datetime]:
    """Positions for so many events, and the database's time."""
    # the lock comes first, even for a caller who forgot it: a position reserved outside it could be committed late.
    # OFFSET 0 keeps the two apart; neither a sequence nor a clock has a snapshot that could be stale
    row: tuple[int, datetime] | None = connection.execute(
        "SELECT setval('events_position_seq', nextval('events_position_seq') + %s - 1), clock_timestamp()"
        " FROM (SELECT pg_advisory_xact_lock(%s, %s) OFFSET 0) AS held",
        (count, _LOCK_CLASS, _EVENTS_LOCK),
    ).fetchone()
    if row is None:
        msg = "a SELECT without a WHERE gave no row"
        raise AssertionError(msg)
    last, now = row
    return range(last - count + 1, last + 1), now


def read_streams(connection: Connection, streams: Sequence[str]) -> dict[str, list[Recorded]]:
    """All events of the streams, by stream, in order; a stream without events is absent."""
    found: dict[str, list[Recorded]] = {}
    rows: Sequence[_Row] = connection.execute(
        "SELECT position, stream, version, type, data, recorded_at, causation, correlation FROM events"
        " WHERE stream = ANY(%s) ORDER BY stream, version",
        (list(streams),),
        binary=True,
    ).fetchall()
    for row in rows:
        found.setdefault(row[1], []).append(Recorded(*row))
    return found


def read_stream(
    connection: Connection,
    stream: str,
    *,
    after: int | None = None,
    until: int | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[Recorded]:
    """Part of one stream, by version: after `after`, up to and with `until`."""
    bounds = (stream, after if after is not None else -1, until if until is not None else _LAST_VERSION, limit)
    query = connection.execute(_NEWEST_FIRST if newest_first else _OLDEST_FIRST, bounds, binary=True)
    rows: Sequence[_Row] = query.fetchall()
    return [Recorded(*row) for row in rows]


def last_of_type(connection: Connection, stream: str, kind: str) -> Recorded | None:
    """The last event of a type in a stream; looks at what came after it, no further back."""
    row: _Row | None = connection.execute(
        "SELECT position, stream, version, type, data, recorded_at, causation, correlation FROM events"
        " WHERE stream = %s AND type = %s ORDER BY version DESC LIMIT 1",
        (stream, kind),
        binary=True,
    ).fetchone()
    return None if row is None else Recorded(*row)


def first_of(connection: Connection, streams: Sequence[str]) -> list[Recorded]:
    """The first event of each stream that has one."""
    rows: Sequence[_Row] = connection.execute(
        "SELECT position, stream, version, type, data, recorded_at, causation, correlation FROM events"
        " WHERE stream = ANY(%s) AND version = 1",
        (list(streams),),
        binary=True,
    ).fetchall()
    return [Recorded(*row) for row in rows]


def versions(connection: Connection, streams: Sequence[str]) -> dict[str, int]:
    """The last version of each stream that has one."""
    rows: Sequence[tuple[str, int]] = connection.execute(
        "SELECT wanted.stream, last.version FROM unnest(%s::text[]) AS wanted(stream), LATERAL"
        " (SELECT version FROM events WHERE events.stream = wanted.stream ORDER BY version DESC LIMIT 1) AS last",
        (list(streams),),
    ).fetchall()
    return dict(rows)


def read_after(connection: Connection, position: int, limit: int, *, until: int | None = None) -> list[Recorded]:
    """The next events after a position in the global order, up to and with `until`."""
    rows: Sequence[_Row] = connection.execute(
        "SELECT position, stream, version, type, data, recorded_at, causation, correlation FROM events"
        " WHERE position > %s AND position <= %s ORDER BY position LIMIT %s",
        (position, until if until is not None else _LAST, limit),
        binary=True,
    ).fetchall()
    return [Recorded(*row) for row in rows]


def read_types_after(
    connection: Connection, position: int, limit: int, types: Collection[str], *, until: int | None = None
) -> list[Recorded]:
    """Like `read_after`, only events of the given types."""
    rows: Sequence[_Row] = connection.execute(
        "SELECT position, stream, version, type, data, recorded_at, causation, correlation FROM events"
        " WHERE position > %s AND position <= %s AND type = ANY(%s) ORDER BY position LIMIT %s",
        (position, until if until is not None else _LAST, list(types), limit),
        binary=True,
    ).fetchall()
    return list(starmap(Recorded, rows))


def last_position(connection: Connection) -> int:
    """The newest event's position, 0 in an empty store."""
    row = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    return int(row[0]) if row else 0
