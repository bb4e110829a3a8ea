"""aiokafka, typed as far as we use it and set up for our guarantees. The only place that makes its clients.

Its own request timeout is 40 s; ours lets an append fail within log.APPEND_SECONDS.
"""
# ruff: noqa: D102 -- the protocols name aiokafka's own methods

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

import aiokafka
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from eventstore import kafka_address

RECORD_MAX_BYTES = 1024 * 1024
"""A record's key, value and headers; over the 256 KiB of an event, the 64 KiB of a raw mail."""

_BATCH_MAX_BYTES = 256 * 1024
REQUEST_TIMEOUT_SECONDS = 4.0

Headers = Sequence[tuple[str, bytes]]


class Fetched(Protocol):
    """A record as a consumer gets it."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    headers: Headers


class Batch(Protocol):
    """Records that are written together or not at all, to one partition."""

    def append(self, *, timestamp: int | None, key: bytes, value: bytes, headers: Headers) -> object | None:
        """None when it is full."""
        ...

    def record_count(self) -> int:
        """How many it holds."""
        ...


class Client(Protocol):
    """A producer's connections."""

    async def fetch_all_metadata(self) -> object:
        """Ask any broker. Raises KafkaError."""
        ...


class Producer(Protocol):
    """An idempotent producer, acks=all."""

    client: Client

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def flush(self) -> None: ...
    async def partitions_for(self, topic: str) -> Collection[int]: ...
    async def send(self, topic: str, value: bytes, key: bytes, *, headers: Headers = ()) -> asyncio.Future[object]: ...
    def create_batch(self) -> Batch: ...
    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[object]: ...


class Consumer(Protocol):
    """A consumer, of a group or of partitions named by hand."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def assign(self, partitions: Sequence[TopicPartition]) -> None: ...
    def assignment(self) -> Collection[TopicPartition]: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...
    async def getmany(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, Sequence[Fetched]]: ...
    async def position(self, partition: TopicPartition) -> int: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...
    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]: ...


class Admin(Protocol):
    """Makes and describes topics."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...
    async def describe_cluster(self) -> Mapping[str, Any]: ...
    async def describe_topics(self) -> Sequence[Mapping[str, Any]]: ...
    async def create_topics(self, new_topics: Sequence[object]) -> Any: ...


def connection(address: str) -> dict[str, Any]:
    """How aiokafka's clients are told of CAUCE_KAFKA. Raises SettingsError."""
    found = kafka_address.read(address)
    how: dict[str, Any] = {"bootstrap_servers": found.servers, "client_id": "cauce", "ssl_context": found.tls()}
    if found.user:
        how |= {
            "sasl_mechanism": found.mechanism,
            "sasl_plain_username": found.user,
            "sasl_plain_password": found.password,
        }
    return how | {"security_protocol": found.protocol}


def security(address: str) -> BaseSecurity:
    """The same, as FastStream is told. Raises SettingsError."""
    found = kafka_address.read(address)
    context = found.tls()
    if not found.user:
        return BaseSecurity(ssl_context=context)
    kind = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}[found.mechanism]
    return kind(found.user, found.password, ssl_context=context)


def new_producer(address: str) -> Producer:
    """Not started. Must be made in the loop it works in."""
    producer: Any = aiokafka.AIOKafkaProducer(
        **connection(address),
        acks="all",
        enable_idempotence=True,
        max_request_size=RECORD_MAX_BYTES,
        max_batch_size=_BATCH_MAX_BYTES,
        request_timeout_ms=int(REQUEST_TIMEOUT_SECONDS * 1000),
    )
    return cast("Producer", producer)


def new_reader(address: str) -> Consumer:
    """A consumer without a group, for asking about offsets and for reading without a position. Not started."""
    consumer: Any = aiokafka.AIOKafkaConsumer(
        **connection(address),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=int(REQUEST_TIMEOUT_SECONDS * 1000),
    )
    return cast("Consumer", consumer)


def new_admin(address: str) -> Admin:
    """Not started."""
    admin: Any = AIOKafkaAdminClient(**connection(address), request_timeout_ms=int(REQUEST_TIMEOUT_SECONDS * 1000))
    return cast("Admin", admin)
