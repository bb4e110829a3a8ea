"""The EventFeed over Kafka: follows the topic `events`, and takes from the event table whatever the topic lacks.

The table is the truth and the topic is haste: a record names the position before it, so a hole (a send that failed in
the middle of a batch) is seen and filled; a relay or a broker that is gone costs a follower seconds, not events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiokafka.errors import KafkaError

from eventstore import identity, kafka_topics, store
from eventstore.database import Connection, Database
from eventstore.feed import EventHandler
from eventstore.kafka_inlet import Inlet, Listening, epoch_changed
from eventstore.kafka_records import Published
from eventstore.recorded import Recorded
from schemas.errors import LogUnavailableError, OperatorError, StalePositionError

log = structlog.get_logger()

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_SILENCE_SECONDS = 1.0
_DOUBT_AFTER = 10


class KafkaFeed:
    """An EventFeed (feed.py). Several processes may follow as one consumer: Kafka gives the topic to one of them."""

    def __init__(self, bootstrap: str, prefix: str, database: Database) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._database = database

    async def follow(
        self, consumer: str, checkpoint: Callable[[], Awaitable[int]], handle: EventHandler, *, max_events: int = 500
    ) -> None:
        """Feed batches until cancelled. Raises OperatorError: the handler's, EpochChangedError, a wrong topic's."""
        inlet = Inlet()
        listening = asyncio.create_task(self._listen(consumer, inlet))
        try:
            await _Follower(self._database, consumer, checkpoint, handle, max_events, inlet).run()
        finally:
            listening.cancel()
            await asyncio.wait({listening})

    async def _listen(self, consumer: str, inlet: Inlet) -> None:
        """Keep a subscription to the topic; while there is none the follower reads the table."""
        while True:
            try:
                topics = await kafka_topics.prepare(self._bootstrap, self._prefix, self._database)
                await Listening(self._bootstrap, f"{self._prefix}feed.{consumer}", topics, inlet).run()
            except OperatorError as error:
                inlet.fail(error)
                return
            except (KafkaError, LogUnavailableError, OSError) as error:
                log.warning("feed_without_kafka", consumer=consumer, error=repr(error))
            await asyncio.sleep(_LONGEST_PAUSE_SECONDS)


class _Follower:
    """Decides what the handler gets next."""

    def __init__(
        self,
        database: Database,
        consumer: str,
        checkpoint: Callable[[], Awaitable[int]],
        handle: EventHandler,
        max_events: int,
        inlet: Inlet,
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._checkpoint = checkpoint
        self._handle = handle
        self._limit = max_events
        self._inlet = inlet
        self._position: int | None = None  # None: to be read again
        self._behind = True  # the table has, or may have, what the topic won't bring
        self._when_silent: int | None = None
        self._without_topic = 0
        self._pause = _FIRST_PAUSE_SECONDS

    async def run(self) -> None:
        """Until cancelled, or an OperatorError."""
        epoch = (await self._database.run(identity.read_identity)).epoch
        while True:
            try:
                position = await self._checkpoint() if self._position is None else self._position
                self._position = position
                if self._behind:
                    self._behind = await self._read_table(position, None)
                elif await self._inlet.wait(_SILENCE_SECONDS):
                    self._when_silent = None
                    self._without_topic = 0
                    for batch in self._inlet.take():
                        await self._fold(batch)
                    self._behind = self._inlet.take_began()
                else:
                    await self._compare_with_table(epoch)
            except OperatorError:
                raise
            except (
                StalePositionError
            ) as error:  # somebody else follows as this consumer: leave it to them, or take over
                log.info("events_were_anothers", consumer=self._consumer, error=str(error))
                self._behind = False
                await self._again()
            except Exception:  # the checkpoint has not moved: the same events come again
                log.exception("events_failed", consumer=self._consumer)
                self._behind = True
                await self._again()
            else:
                self._pause = _FIRST_PAUSE_SECONDS

    async def _again(self) -> None:
        self._position = None
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _fold(self, batch: Sequence[Published]) -> None:
        """Hand on what comes next; leave out what was, fill in from the table what is missing."""
        ready: list[Recorded] = []
        last = self._position or 0
        for item in batch:
            if item.event.position <= last:
                continue
            if item.prev > last:
                await self._hand_on(ready)
                log.info("hole_filled", consumer=self._consumer, after=last, before=item.event.position)
                while await self._read_table(self._position or 0, item.event.position):
                    pass
                ready = []
            else:
                ready.append(item.event)
                if len(ready) == self._limit:
                    await self._hand_on(ready)
                    ready = []
            last = item.event.position
        await self._hand_on(ready)

    async def _hand_on(self, events: Sequence[Recorded]) -> None:
        if events:
            await self._handle(events)
            self._position = events[-1].position

    async def _read_table(self, position: int, until: int | None) -> bool:
        """Hand on one page after a position; False when there was none."""
        events = await self._database.run(_read_page, position, self._limit, until)
        await self._hand_on(events)
        return bool(events)

    async def _compare_with_table(self, epoch: object) -> None:
        """Nothing came for a while. Where the table went on and our checkpoint didn't, twice: read it from there.

        Where another process follows as this consumer, its checkpoint moves, and that is that.
        """
        stored = await self._checkpoint()
        newest, now = await self._database.run(_newest)
        if now != epoch:
            raise epoch_changed()
        self._position = stored
        if newest > stored and self._when_silent == stored:
            log.warning("feed_reads_table", consumer=self._consumer, position=stored, behind=newest - stored)
            self._behind = True
            self._without_topic += 1
            if self._without_topic % _DOUBT_AFTER == 0:
                self._inlet.doubt()  # is it the relay, or our subscription?
        self._when_silent = stored


def _read_page(connection: Connection, position: int, limit: int, until: int | None) -> list[Recorded]:
    return store.read_after(connection, position, limit, until=until)


def _newest(connection: Connection) -> tuple[int, object]:
    return store.last_position(connection), identity.read_identity(connection).epoch
