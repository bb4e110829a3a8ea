"""The embedded log: topics as tables, `events` as the event table itself. Implements log.py and feed.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import structlog

from eventstore import positions, turns
from eventstore.backoff import Backoff
from eventstore.database import Connection, Database
from eventstore.feed import EventHandler
from eventstore.group_commit import GroupCommit
from eventstore.log import Batch, BatchHandler, LogRecord, NewRecord
from eventstore.log_tables import PARTITION, LogTable, table_of, tables
from eventstore.tail import Tail
from eventstore.turns import Turn
from eventstore.wakeups import Wakeups
from schemas.errors import OperatorError, StalePositionError
from schemas.topics import Topic

_TRIM_SECONDS = 600.0

log = structlog.get_logger()


class PostgresLog:
    """The Log port on tables. One active consumer a topic and name; others of the same name stand by."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writers = {table.topic.name: GroupCommit(database, table) for table in tables()}
        self._wakeups = Wakeups(database.url)

    async def append(self, topic: Topic, records: Sequence[NewRecord]) -> None:
        """All of them in one transaction, shared with others that come at the same time."""
        if records:
            await self._writers[table_of(topic).topic.name].append(records)

    async def consume(self, topic: Topic, consumer: str, handle: BatchHandler, *, max_records: int = 500) -> None:
        """Feed batches while it is this process's turn. Raises OperatorError, the handler's too; retries all else."""
        table = table_of(topic)
        while True:
            async with turns.hold(self._database.url, f"{topic.name}/{consumer}") as turn:
                await _Consumption(self._database, self._wakeups, table, consumer, handle, max_records).serve(turn)

    async def check(self) -> None:
        """Take each log's lock as an append would. Raises LogUnavailableError."""
        await asyncio.gather(*(writer.append(()) for writer in self._writers.values()))

    async def lag(self, topic: Topic, consumer: str) -> int:
        """Records after the consumer's position."""
        return await self._database.run(_lag, table_of(topic), consumer)

    async def verify(self, topic: Topic, consumer: str) -> None:
        """Raise PositionMismatchError when the record before the consumer's position isn't the one it handled."""
        await self._database.run(table_of(topic).verified_position, consumer)

    async def scan(self, topic: Topic, *, page: int = 2000) -> AsyncGenerator[Sequence[LogRecord]]:
        """All the table still holds, oldest first; what comes in meanwhile may be part of it."""
        table, position = table_of(topic), 0
        while records := await self._database.run(table.read, position, page):
            yield records
            position = records[-1].offset + 1

    async def trim(self, topic: Topic) -> int:
        """Delete what is past the topic's retention and behind every consumer. Consumers do it from time to time."""
        return await self._database.run(_trim, table_of(topic))

    async def close(self) -> None:
        """Commit what is queued and end the writers."""
        await asyncio.gather(*(asyncio.to_thread(writer.close) for writer in self._writers.values()))


class _Consumption:
    """One turn of one consumer."""

    def __init__(
        self, database: Database, wakeups: Wakeups, table: LogTable, consumer: str, handle: BatchHandler, limit: int
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._table = table
        self._consumer = consumer
        self._handle = handle
        self._limit = limit
        self._position: int | None = None  # None: to be read again
        self._trimmed_at = time.monotonic() - _TRIM_SECONDS

    async def serve(self, turn: Turn) -> None:
        """Until the turn is lost."""
        topic = self._table.topic.name
        bell = self._wakeups.subscribe(topic)
        backoff = Backoff()
        try:
            while turn.held:
                bell.clear()
                try:
                    if not await self._step():
                        await self._trim_sometimes()
                        await bell.wait()
                    backoff.reset()
                except OperatorError:
                    raise
                except StalePositionError:
                    self._position = None
                    await backoff.pause()
                except Exception:
                    # nothing is lost by trying again: the position has not moved
                    log.exception("batch_failed", topic=topic, consumer=self._consumer)
                    self._position = None
                    await backoff.pause()
        finally:
            self._wakeups.unsubscribe(topic, bell)

    async def _step(self) -> bool:
        if self._position is None:
            self._position = await self._database.run(self._table.verified_position, self._consumer)
        records = await self._database.run(self._table.read, self._position, self._limit)
        if not records:
            return False
        batch = Batch(
            topic=self._table.topic.name,
            partition=PARTITION,
            consumer=self._consumer,
            position=self._position,
            next_position=records[-1].offset + 1,
            records=records,
        )
        await self._handle(batch)
        self._position = batch.next_position
        return True

    async def _trim_sometimes(self) -> None:
        if time.monotonic() - self._trimmed_at > _TRIM_SECONDS and not await self._database.run(_trim, self._table):
            self._trimmed_at = time.monotonic()


class PostgresFeed:
    """The EventFeed port on the event table itself."""

    def __init__(self, database: Database) -> None:
        self._tail = Tail(database)

    async def follow(
        self, consumer: str, checkpoint: Callable[[], Awaitable[int]], handle: EventHandler, *, max_events: int = 500
    ) -> None:
        """Tail the table: a page, the handler, the next page. Raises OperatorError, the handler's; retries all else."""
        backoff = Backoff()
        position: int | None = None
        with self._tail.followed():
            while True:
                try:
                    if position is None:
                        position = await checkpoint()
                    events = await self._tail.after(position, max_events)
                    await handle(events)
                    position = events[-1].position
                    backoff.reset()
                except OperatorError:
                    raise
                except StalePositionError:
                    position = None
                    await backoff.pause()
                except Exception:
                    # the checkpoint has not moved: the same events come again
                    log.exception("events_failed", consumer=consumer)
                    position = None
                    await backoff.pause()


def _lag(connection: Connection, table: LogTable, consumer: str) -> int:
    position = positions.read(connection, consumer, table.topic.name).get(PARTITION, 0)
    return table.count_from(connection, position)


def _trim(connection: Connection, table: LogTable) -> int:
    keep = table.topic.retention
    return table.trim(connection, keep) if keep is not None else 0
