"""What a topic holds: all of it, or just what stands before somebody's positions. Moves nobody's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from aiokafka import TopicPartition

from eventstore.kafka_client import Consumer
from eventstore.kafka_places import after, place_of
from eventstore.kafka_records import log_record
from eventstore.log import LogRecord
from eventstore.positions import Position

_POLL_MS = 500


async def scan(
    reader: Consumer, partitions: Sequence[TopicPartition], page: int
) -> AsyncGenerator[Sequence[LogRecord]]:
    """Pages of one partition after the other, to the last record that stood there when we began. Raises KafkaError."""
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


async def verify(
    reader: Consumer, partitions: Sequence[TopicPartition], stored: Mapping[int, Position], consumer: str
) -> None:
    """Are these positions of this topic? Raises PositionMismatchError, KafkaError."""
    begins, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
    for partition in partitions:
        where = f"{consumer} on {partition.topic}/{partition.partition}"
        place = place_of(where, stored.get(partition.partition), begins[partition], ends[partition])
        if place.last_id is None:
            continue  # nothing was read yet, or what was is past its retention
        reader.assign([partition])
        reader.seek(partition, place.start)
        while await reader.position(partition) < place.next:
            for records in (await reader.getmany(timeout_ms=_POLL_MS, max_records=1)).values():
                after(where, place, [log_record(record) for record in records])
