"""Reads the store after the checkpoint, sends to the one partition of `events` in batches, moves on after their acks.

Whatever fails: back to the checkpoint and once more. What is sent twice a follower drops, what is missing it fills in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from eventstore import kafka_topics, store
from eventstore.database import Database
from eventstore.kafka_client import RECORD_MAX_BYTES, Batch, Producer
from eventstore.kafka_producer import SteadyProducer, forget
from eventstore.kafka_records import event_headers
from eventstore.kafka_topics import KafkaTopics
from eventstore.recorded import Recorded
from eventstore.wakeups import Wakeup, Wakeups
from schemas.errors import EpochChangedError, RetryableError
from schemas.topics import EVENTS, QUARANTINE
from services.relay.announcements import announce
from services.relay.checkpoint import Lead, LeadLostError, lead

log = structlog.get_logger()

_PAGE_EVENTS = 1000
_PAGES_UNDER_WAY = 4
_PAUSE_SECONDS = 1.0
_ACK_SECONDS = 5.0
_OVERHEAD_BYTES = 1024


async def run_relay(database: Database, bootstrap: str, prefix: str) -> None:
    """Until cancelled: lead, or stand by. Raises OperatorError (a topic that is wrong, another epoch)."""
    producer = SteadyProducer(bootstrap)
    wakeups = Wakeups(database.url)
    try:
        while True:
            try:
                topics = await kafka_topics.prepare(bootstrap, prefix, database)
                async with lead(database.url) as leading:
                    await _Relay(database, producer, topics, leading, wakeups).run()
            except (KafkaError, LeadLostError, RetryableError, psycopg.Error, OSError, TimeoutError) as error:
                log.warning("relay_waits", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)
    finally:
        await producer.close()


@dataclass(frozen=True, slots=True)
class _Page:
    """Sent, not yet acknowledged."""

    last: int
    acks: Sequence[asyncio.Future[object]]


class _Relay:
    """One turn of leading."""

    def __init__(
        self, database: Database, producer: SteadyProducer, topics: KafkaTopics, leading: Lead, wakeups: Wakeups
    ) -> None:
        self._database = database
        self._steady = producer
        self._topic = topics.name_of(EVENTS)
        self._quarantine = topics.name_of(QUARANTINE)
        self._epoch = topics.epoch
        self._epoch_header = str(topics.epoch).encode()
        self._lead = leading
        self._wakeups = wakeups
        self._under_way: deque[_Page] = deque()

    async def run(self) -> None:
        """Raises LeadLostError, KafkaError and the like: then everything after the checkpoint is sent again."""
        async with asyncio.timeout(_ACK_SECONDS):
            producer = await self._steady.get()
        bell = self._wakeups.subscribe(EVENTS.name)
        try:
            await self._send_all(producer, bell)
        except (KafkaError, OSError, TimeoutError):
            self._steady.discard(producer)
            raise
        finally:
            forget(ack for page in self._under_way for ack in page.acks)
            self._wakeups.unsubscribe(EVENTS.name, bell)

    async def _send_all(self, producer: Producer, bell: Wakeup) -> None:
        sent = await self._lead.position()
        while True:
            bell.clear()
            events = await self._database.run(store.read_after, sent, _PAGE_EVENTS)
            if events:
                self._under_way.append(_Page(events[-1].position, await self._send(producer, events, sent)))
                sent = events[-1].position
            while self._under_way and (not events or len(self._under_way) >= _PAGES_UNDER_WAY):
                await self._settle(self._under_way.popleft())
            if not events:
                async with asyncio.timeout(_ACK_SECONDS):
                    await announce(self._database, producer, self._quarantine)
                await bell.wait()
                await self._lead.position()  # still leading? And a sign of life: a silent session is ended

    async def _send(
        self, producer: Producer, events: Sequence[Recorded], prev: int
    ) -> Sequence[asyncio.Future[object]]:
        """Queue a page in as many batches as it takes: each is written whole or not at all."""
        acks: list[asyncio.Future[object]] = []
        batch = producer.create_batch()
        for event in events:
            headers, key = event_headers(event, prev, self._epoch_header), event.stream.encode()
            prev = event.position
            if len(event.data) + _OVERHEAD_BYTES > RECORD_MAX_BYTES:
                log.error("event_too_large_for_kafka", position=event.position, bytes=len(event.data))
                continue  # followers see the hole and read the table
            while batch.append(timestamp=None, key=key, value=event.data, headers=headers) is None:
                acks.append(await self._queue(producer, batch))
                batch = producer.create_batch()
        if batch.record_count():
            acks.append(await self._queue(producer, batch))
        return acks

    async def _queue(self, producer: Producer, batch: Batch) -> asyncio.Future[object]:
        async with asyncio.timeout(_ACK_SECONDS):
            return await producer.send_batch(batch, self._topic, partition=0)

    async def _settle(self, page: _Page) -> None:
        """Wait until Kafka has the page, and move the checkpoint behind it."""
        try:
            async with asyncio.timeout(_ACK_SECONDS):
                await asyncio.gather(*page.acks)
        except MessageSizeTooLargeError as error:
            log.error("events_refused_by_kafka", last=page.last, error=str(error))  # noqa: TRY400 -- no trace needed
            await self._move(page.last)  # it would be refused for ever: a hole, which followers fill from the table
            raise
        await self._move(page.last)

    async def _move(self, position: int) -> None:
        if not await self._lead.move(position, self._epoch):
            raise EpochChangedError("the event store was restored or failed over: restart the hub")
