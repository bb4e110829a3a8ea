"""All that a topic holds, from its first record to the last that stood there when we began; moves nobody's position."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from aiokafka import TopicPartition

from eventstore.kafka_client import Consumer
from eventstore.kafka_records import log_record
from eventstore.log import LogRecord

_POLL_MS = 500


async def scan(
    reader: Consumer, partitions: Sequence[TopicPartition], page: int
) -> AsyncGenerator[Sequence[LogRecord]]:
    """Pages of one partition after the other. Raises KafkaError."""
    begins, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
    for partition in partitions:
        if begins[partition] >= ends[partition]:
            continue
        reader.assign([partition])
        reader.seek(partition, begins[partition])
        while await reader.position(partition) < ends[partition]:
            fetched = await reader.getmany(timeout_ms=_POLL_MS, max_records=page)
            for records in fetched.values():
                yield [log_record(record) for record in records]
