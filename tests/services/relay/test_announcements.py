import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from eventstore.log import LogRecord
from schemas.held import Announced
from services import quarantine
from services.relay import run_relay

pytestmark = pytest.mark.xdist_group("kafka")

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_what_is_held_is_announced_without_its_bytes_or_its_sender(kafka, kafka_prefix, database, running, until):
    held = uuid4()

    def hold(connection) -> None:
        quarantine.hold(
            connection,
            LogRecord(held, 0, 0, b"\x00secret words", {"ce_time": MOMENT.isoformat()}),
            topic="interactions",
            reason="undecodable",
            error="not msgpack",
            channel="form",
            sender="ana@x.cu",
        )

    await database.run(hold)
    running(run_relay(database, kafka.bootstrap, kafka_prefix))
    await until(lambda: announced(database, held))
    await database.run(
        lambda connection: connection.execute("UPDATE quarantine SET state = 'reprocessed' WHERE id = %s", (held,))
    )
    await database.run(hold)  # it failed again: said again
    await until(lambda: announced(database, held))
    with database.transaction() as connection:
        received_at = connection.execute("SELECT received_at FROM quarantine").fetchone()[0]
    found = await read(kafka, f"{kafka_prefix}quarantine")
    values = [msgspec.json.decode(record.value, type=Announced) for record in found]
    assert values == [Announced(held, "form", "interactions", received_at, "undecodable", "not msgpack", 13)] * 2
    assert dict(found[0].headers)["ce_type"] == b"quarantine.held.v1"
    assert all(b"ana@x.cu" not in record.value and b"secret" not in record.value for record in found)


def announced(database, held: UUID) -> bool:
    with database.transaction() as connection:
        return connection.execute("SELECT announced FROM quarantine WHERE id = %s", (held,)).fetchone() == (True,)


async def read(kafka, topic: str):
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    await consumer.start()
    try:
        consumer.seek(partition, 0)
        async with asyncio.timeout(60):
            found = []
            while len(found) < 2:
                found += (await consumer.getmany(timeout_ms=500)).get(partition, [])
            return found
    finally:
        await consumer.stop()
