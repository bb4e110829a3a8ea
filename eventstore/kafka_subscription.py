"""A topic read in batches by FastStream, as bytes. Below the log's consumers and the event feed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from aiokafka import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from eventstore import kafka_address
from eventstore.kafka_client import REQUEST_TIMEOUT_SECONDS, Consumer, Fetched, security

logging.getLogger("faststream.cauce").setLevel(logging.ERROR)  # it warns at each start that it makes no topics: we do

Deliver = Callable[[Sequence[Fetched]], Awaitable[None]]
"""Gets what was fetched, of all partitions, in order within each. FastStream swallows what it raises: it must not."""

_STOP_SECONDS = 10.0
_HANDLER_SECONDS = 0.1  # cancelled means now: a transaction under way ends by itself, either way
_LONGEST_FETCH_BYTES = 4 * 1024 * 1024


class Subscription:
    """A member of a consumer group. `listener` hears of assignments; with it stands where reading begins."""

    def __init__(
        self,
        bootstrap: str,
        *,
        topic: str,
        group: str,
        listener: ConsumerRebalanceListener,
        deliver: Deliver,
        max_records: int,
        longest_batch_seconds: float = 60.0,
    ) -> None:
        self._broker = KafkaBroker(
            kafka_address.read(bootstrap).servers.split(","),  # as one text it would be one broker's name
            security=security(bootstrap),
            client_id="cauce",
            consumer_only=True,
            apply_types=False,
            request_timeout_ms=int(REQUEST_TIMEOUT_SECONDS * 1000),
            graceful_timeout=_HANDLER_SECONDS,
            logger=logging.getLogger("faststream.cauce"),
            log_level=logging.DEBUG,
        )
        subscriber: Any = self._broker.subscriber(
            topic,
            batch=True,
            group_id=group,
            listener=listener,
            ack_policy=AckPolicy.MANUAL,  # its commits are advice, ours to give
            auto_offset_reset="none",
            max_records=max_records,
            batch_timeout_ms=10,
            fetch_max_wait_ms=250,
            max_partition_fetch_bytes=_LONGEST_FETCH_BYTES,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=int(longest_batch_seconds * 1000),
            parser=_parse,
            decoder=_decode,
            no_reply=True,
        )

        async def handler(records: Any) -> None:  # FastStream builds a pydantic model of what it finds annotated
            await deliver(records)

        subscriber(handler)
        self._subscriber = subscriber

    @property
    def consumer(self) -> Consumer:
        """The consumer of aiokafka. Only while it runs: the listener and `deliver` are called then."""
        consumer: Any = self._subscriber.consumer
        if consumer is None:
            msg = "the subscription isn't started"
            raise RuntimeError(msg)
        return cast("Consumer", consumer)

    async def start(self) -> None:
        """Join the group. Raises KafkaError when no broker answers."""
        await self._broker.start()

    async def stop(self) -> None:
        """Leave the group, after a running `deliver` has ended or a few seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._broker.stop()


async def _parse(records: Sequence[Fetched]) -> KafkaMessage:
    # FastStream's own parser decodes every header, and one that isn't UTF-8 would lose the whole batch
    return KafkaMessage(raw_message=cast("Any", records), body=b"", message_id="", consumer=FAKE_CONSUMER)


async def _decode(message: KafkaMessage) -> Sequence[Fetched]:
    return cast("Sequence[Fetched]", message.raw_message)
