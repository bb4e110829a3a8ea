"""The Log over Kafka: `mail` and `interactions` as topics. Positions live in PostgreSQL, Kafka's commits are advice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from eventstore import kafka_topics, positions
from eventstore.database import Database
from eventstore.kafka_client import RECORD_MAX_BYTES, Consumer, Headers, new_reader
from eventstore.kafka_consumption import Consumption
from eventstore.kafka_producer import SteadyProducer, forget
from eventstore.kafka_records import log_headers
from eventstore.kafka_scan import scan, verify
from eventstore.kafka_topics import KafkaTopics
from eventstore.log import APPEND_SECONDS, BatchHandler, LogRecord, NewRecord
from schemas.errors import LogUnavailableError, TooLargeError
from schemas.topics import Topic

log = structlog.get_logger()

_ANSWER_SECONDS = APPEND_SECONDS - 0.5
_CHECK_SECONDS = 2.0
_PAUSE_SECONDS = 1.0
_OVERHEAD_BYTES = 1024


class KafkaLog:
    """A Log (log.py). `prefix` stands before the names of topics and groups; `database` holds the positions.

    `longest_batch_seconds`: a consumer whose handler takes longer is taken for dead, and its partitions go to others.
    """

    def __init__(self, bootstrap: str, prefix: str, database: Database, *, longest_batch_seconds: float = 60.0) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._database = database
        self._longest_batch_seconds = longest_batch_seconds
        self._producer = SteadyProducer(bootstrap)
        self._topics: KafkaTopics | None = None
        self._preparing = asyncio.Lock()
        self._reader: Consumer | None = None
        self._reading = asyncio.Lock()

    async def prepare(self) -> KafkaTopics:
        """Make and check the topics, once. Raises LogUnavailableError, OperatorError."""
        async with self._preparing:
            if self._topics is None:
                self._topics = await kafka_topics.prepare(self._bootstrap, self._prefix, self._database)
            return self._topics

    async def append(self, topic: Topic, records: Sequence[NewRecord]) -> None:
        """Return once every record is acknowledged by all in-sync copies.

        Raises LogUnavailableError within APPEND_SECONDS, TooLargeError before anything is sent. After the former some
        records may be durable all the same: whoever tries again sends the same ids, which count once.
        """
        prepared = [(record, log_headers(record)) for record in records]
        for record, headers in prepared:
            _refuse_too_large(record, headers)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                name = (await self.prepare()).name_of(topic)
                await self._send(name, prepared)
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"Kafka did not acknowledge: {error!r}") from error

    async def _send(self, name: str, prepared: Sequence[tuple[NewRecord, Headers]]) -> None:
        producer = await self._producer.get()
        acks: list[asyncio.Future[object]] = []
        try:
            for record, headers in prepared:
                acks.append(await producer.send(name, record.value, record.key, headers=headers))
            await asyncio.gather(*acks)
        except MessageSizeTooLargeError as error:
            raise TooLargeError(str(error)) from error
        except BaseException:
            forget(acks)
            self._producer.discard(producer)
            raise

    async def consume(self, topic: Topic, consumer: str, handle: BatchHandler, *, max_records: int = 500) -> None:
        """Feed batches until cancelled. Raises OperatorError when a person must act."""
        while True:
            try:
                topics = await self.prepare()
                await Consumption(
                    self._bootstrap,
                    group=f"{self._prefix}{consumer}",
                    topic=topic.name,
                    kafka_topic=topics.name_of(topic),
                    consumer=consumer,
                    database=self._database,
                    handle=handle,
                    max_records=max_records,
                    longest_batch_seconds=self._longest_batch_seconds,
                ).run()
            except (LogUnavailableError, KafkaError, OSError) as error:
                log.warning("consumer_waits", topic=topic.name, consumer=consumer, error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def check(self) -> None:
        """Does a broker answer? Raises LogUnavailableError."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await self.prepare()
                producer = await self._producer.get()
                await producer.client.fetch_all_metadata()
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"Kafka does not answer: {error!r}") from error

    async def lag(self, topic: Topic, consumer: str) -> int:
        """Records after the consumer's position, over all partitions. Raises LogUnavailableError."""
        topics = await self.prepare()
        partitions = self._partitions(topics, topic)
        async with self._reading:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    reader = await self._started_reader()
                    begins = await reader.beginning_offsets(partitions)
                    ends = await reader.end_offsets(partitions)
            except (KafkaError, OSError, TimeoutError) as error:
                await self._drop_reader()
                raise LogUnavailableError(f"Kafka does not answer: {error!r}") from error
        next_ = await self._database.run(positions.read, consumer, topic.name)
        return sum(ends[place] - max(begins[place], next_.get(place.partition, 0)) for place in partitions)

    async def verify(self, topic: Topic, consumer: str) -> None:
        """Look at the record before each of its positions. Raises PositionMismatchError, LogUnavailableError."""
        topics = await self.prepare()
        stored = await self._database.run(positions.stored, consumer, topic.name)
        reader = new_reader(self._bootstrap)
        try:
            await reader.start()
            await verify(reader, self._partitions(topics, topic), stored, consumer)
        except (KafkaError, OSError) as error:
            raise LogUnavailableError(f"Kafka does not answer: {error!r}") from error
        finally:
            await reader.stop()

    async def scan(self, topic: Topic, *, page: int = 2000) -> AsyncGenerator[Sequence[LogRecord]]:
        """All that the topic still holds, oldest first in each partition. Raises LogUnavailableError."""
        topics = await self.prepare()
        reader = new_reader(self._bootstrap)
        try:
            await reader.start()
            async for records in scan(reader, self._partitions(topics, topic), page):
                yield records
        except (KafkaError, OSError) as error:
            raise LogUnavailableError(f"Kafka does not answer: {error!r}") from error
        finally:
            await reader.stop()

    async def close(self) -> None:
        """Send what is pending and let go."""
        await self._producer.close()
        async with self._reading:
            await self._drop_reader()

    def _partitions(self, topics: KafkaTopics, topic: Topic) -> list[TopicPartition]:
        return [TopicPartition(topics.name_of(topic), number) for number in range(topics.partitions[topic.name])]

    async def _started_reader(self) -> Consumer:
        if self._reader is None:
            self._reader = new_reader(self._bootstrap)
            await self._reader.start()
        return self._reader

    async def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.stop()


def _refuse_too_large(record: NewRecord, headers: Headers) -> None:
    size = len(record.key) + len(record.value) + sum(len(name) + len(value) for name, value in headers)
    if size + _OVERHEAD_BYTES > RECORD_MAX_BYTES:
        raise TooLargeError(f"a record of {size} bytes, {RECORD_MAX_BYTES - _OVERHEAD_BYTES} allowed")
