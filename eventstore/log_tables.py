"""The tables of the embedded log, `log_mail` and `log_interactions`: every statement on them stands here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from psycopg import sql

from eventstore import positions
from eventstore.database import Connection
from eventstore.log import LogRecord, NewRecord
from eventstore.packed import Byteas, Texts, Uuids
from schemas.errors import LogUnavailableError, PositionMismatchError
from schemas.topics import INTERACTIONS, MAIL, Topic

PARTITION = 0
"""A table is one partition: its order is the order of commit."""

_LOCK_CLASS = 1129338179
_TRIM_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class LogTable:
    """One topic's table. `lock` is its writers' advisory lock, which its trigger takes too (migration 0002)."""

    topic: Topic
    name: sql.Identifier
    lock: int

    def append(self, connection: Connection, records: Sequence[NewRecord]) -> None:
        """Append in the given order, in one statement."""
        connection.execute(
            sql.SQL(
                "INSERT INTO {} (id, key, value, headers) SELECT id, key, value, headers::jsonb"
                " FROM unnest(%b::uuid[], %b::bytea[], %b::bytea[], %b::text[]) AS new(id, key, value, headers)"
            ).format(self.name),
            (
                Uuids(record.id for record in records),
                Byteas(record.key for record in records),
                Byteas(record.value for record in records),
                Texts(msgspec.json.encode(dict(record.headers)).decode() for record in records),
            ),
        )

    def prove_writable(self, connection: Connection) -> None:
        """Take the lock for a moment, as a writer would. Raises LogUnavailableError on a read-only stand-by."""
        row = connection.execute(
            "SELECT pg_advisory_xact_lock(%s, %s), current_setting('transaction_read_only')", (_LOCK_CLASS, self.lock)
        ).fetchone()
        if row is None or row[1] != "off":
            raise LogUnavailableError("the database is read-only")

    def read(self, connection: Connection, position: int, limit: int) -> list[LogRecord]:
        """The next records from a position on."""
        rows: Sequence[tuple[int, UUID, bytes, dict[str, str]]] = connection.execute(
            sql.SQL(
                # a blank one was an erased person's, and is handled
                """SELECT "offset", id, value, headers FROM {} WHERE "offset" >= %s AND value <> ''
                   ORDER BY "offset" LIMIT %s"""
            ).format(self.name),
            (position, limit),
            binary=True,
        ).fetchall()
        return [LogRecord(id_, PARTITION, offset, value, headers) for offset, id_, value, headers in rows]

    def verified_position(self, connection: Connection, consumer: str) -> int:
        """The consumer's position; 0 for a new one. Raises PositionMismatchError when the log isn't the one it read."""
        at = positions.stored(connection, consumer, self.topic.name).get(PARTITION)
        if at is None:
            return 0
        row = connection.execute(
            sql.SQL('SELECT id FROM {} WHERE "offset" = %s').format(self.name), (at.next - 1,)
        ).fetchone()
        if row is None or (at.last_id is not None and row[0] != at.last_id):
            msg = (
                f"{consumer} stands at {at.next} of {self.topic.name}, after record {at.last_id},"
                f" but the log holds {'no record' if row is None else row[0]} there; see `cauce doctor`"
            )
            raise PositionMismatchError(msg)
        return at.next

    def count_from(self, connection: Connection, position: int) -> int:
        """How many records stand at a position or after it."""
        row = connection.execute(
            sql.SQL('SELECT count(*) FROM {} WHERE "offset" >= %s').format(self.name), (position,)
        ).fetchone()
        return int(row[0]) if row else 0

    def oldest_from(self, connection: Connection, position: int) -> datetime | None:
        """When the first record at a position or after it came in."""
        row = connection.execute(
            sql.SQL('SELECT recorded_at FROM {} WHERE "offset" >= %s ORDER BY "offset" LIMIT 1').format(self.name),
            (position,),
        ).fetchone()
        moment: datetime | None = row[0] if row else None
        return moment

    def blank(self, connection: Connection, offsets: Sequence[int]) -> int:
        """Take away what these records say; they keep their place and id, which consumers know their log by."""
        return connection.execute(
            sql.SQL("""UPDATE {} SET value = '' WHERE "offset" = ANY(%s) AND value <> ''""").format(self.name),
            (list(offsets),),
        ).rowcount

    def trim(self, connection: Connection, keep: timedelta) -> int:
        """Delete what is older than `keep` and behind every consumer; returns how many. A bounded number a call.

        The record just before the hindmost position stays: it shows that consumer that the log is the one it read.
        """
        behind = positions.furthest_behind(connection, self.topic.name, PARTITION)
        if behind is None:
            return 0
        return connection.execute(
            sql.SQL(
                'DELETE FROM {0} WHERE "offset" IN (SELECT "offset" FROM {0} WHERE "offset" < %s'
                ' AND recorded_at < now() - %s ORDER BY "offset" LIMIT %s)'
            ).format(self.name),
            (behind - 1, keep, _TRIM_ROWS),
        ).rowcount


_TABLES = (
    LogTable(MAIL, sql.Identifier("log_mail"), lock=2),
    LogTable(INTERACTIONS, sql.Identifier("log_interactions"), lock=3),
)


def tables() -> Sequence[LogTable]:
    """All of them."""
    return _TABLES


def table_of(topic: Topic) -> LogTable:
    """The table that carries a topic. Raises LookupError for one that no table carries."""
    for table in _TABLES:
        if table.topic == topic:
            return table
    msg = f"no table carries the topic {topic.name}"
    raise LookupError(msg)
