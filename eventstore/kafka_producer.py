"""A producer that heals: one that failed is replaced, so nobody restarts a process because a broker was away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

import structlog
from aiokafka.errors import KafkaError

from eventstore import kafka_address
from eventstore.kafka_client import Producer, new_producer

log = structlog.get_logger()


class SteadyProducer:
    """One idempotent producer at a time.

    Once a batch of an idempotent producer is given up, the numbering of the later ones no longer fits what the broker
    expects, and all fail: so after any failure a fresh one takes over, and the old one ends in the background.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: Producer | None = None
        self._starting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    async def get(self) -> Producer:
        """The working producer, started. Raises KafkaError; the caller bounds the time."""
        async with self._starting:
            if self._producer is None:
                producer = new_producer(self._bootstrap)
                try:
                    await producer.start()
                except BaseException:
                    self._end(producer)
                    raise
                self._producer = producer
            return self._producer

    def discard(self, producer: Producer) -> None:
        """It failed: the next `get` makes another."""
        if self._producer is producer:
            log.warning("producer_replaced", bootstrap=kafka_address.read(self._bootstrap).servers)
            self._producer = None
            self._end(producer)

    async def close(self) -> None:
        """Send what is pending, as far as the broker takes it, and end."""
        if self._producer is not None:
            self._end(self._producer)
            self._producer = None
        if self._ending:
            await asyncio.wait(self._ending)

    def _end(self, producer: Producer) -> None:
        task = asyncio.create_task(_stop(producer))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def forget(acks: Iterable[asyncio.Future[object]]) -> None:
    """Nobody will ask any more how these ended, and asyncio shall not complain of it."""
    for ack in acks:
        ack.add_done_callback(lambda ended: ended.cancelled() or ended.exception())


async def _stop(producer: Producer) -> None:
    # it may have died of anything, and nobody waits for it any more
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        await producer.stop()
