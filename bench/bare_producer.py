"""The bar for the relay: aiokafka's idempotent producer, all records pipelined, all acks gathered. Nothing of ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

Record = tuple[bytes, bytes, Sequence[tuple[str, bytes]]]
_AT_ONCE = 1000


async def produce(bootstrap: str, topic: str, records: Sequence[Record]) -> float:
    """Records a second, acknowledged, into one partition."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", max_batch_size=256 * 1024
    )
    await producer.start()
    try:
        await producer.partitions_for(topic)
        began = time.perf_counter()
        acks: list[asyncio.Future[object]] = []
        for key, value, headers in records:
            acks.append(await producer.send(topic, value, key=key, headers=headers))
            if len(acks) >= _AT_ONCE * 4:
                await asyncio.gather(*acks[:_AT_ONCE])
                del acks[:_AT_ONCE]
        await asyncio.gather(*acks)
        return len(records) / (time.perf_counter() - began)
    finally:
        await producer.stop()
