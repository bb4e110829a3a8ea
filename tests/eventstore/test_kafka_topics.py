import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from eventstore import identity
from eventstore.database import Database
from eventstore.kafka_client import RECORD_MAX_BYTES, new_admin
from eventstore.kafka_topics import prepare
from eventstore.local_kafka import LocalKafka
from schemas.errors import OperatorError
from schemas.topics import EVENTS, INTERACTIONS, MAIL, TOPICS

pytestmark = pytest.mark.xdist_group("kafka")


async def described(kafka: LocalKafka, prefix: str) -> dict[str, int]:
    admin = new_admin(kafka.bootstrap)
    await admin.start()
    try:
        topics = await admin.describe_topics()
    finally:
        await admin.close()
    return {topic["topic"]: len(topic["partitions"]) for topic in topics if topic["topic"].startswith(prefix)}


async def test_topics_are_made_with_the_stated_partitions_even_by_many_at_once(
    kafka: LocalKafka, kafka_prefix: str, database: Database
):
    made = await asyncio.gather(*(prepare(kafka.bootstrap, kafka_prefix, database) for _ in range(4)))
    assert made == [made[0]] * 4
    assert await described(kafka, kafka_prefix) == {f"{kafka_prefix}{topic.name}": topic.partitions for topic in TOPICS}


async def test_topics_are_made_with_the_stated_retention_and_room_for_our_records(
    kafka: LocalKafka, kafka_prefix: str, database: Database
):
    await prepare(kafka.bootstrap, kafka_prefix, database)
    for topic in TOPICS:
        found = await configured(kafka, f"{kafka_prefix}{topic.name}")
        assert topic.retention is not None
        assert found["retention.ms"] == str(int(topic.retention.total_seconds() * 1000))
        assert int(found["max.message.bytes"]) > RECORD_MAX_BYTES
        assert (found["cleanup.policy"], found["min.insync.replicas"]) == ("delete", "1")


async def configured(kafka: LocalKafka, topic: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    (resource,) = answer.resources
    return {entry[0]: entry[1] for entry in resource[4]}


async def test_another_partition_count_than_recorded_stops_the_start(
    kafka: LocalKafka, kafka_prefix: str, database: Database
):
    await prepare(kafka.bootstrap, kafka_prefix, database)
    with database.transaction() as connection:
        connection.execute("UPDATE kafka_topics SET partitions = 4 WHERE name = %s", (INTERACTIONS.name,))
    with pytest.raises(OperatorError, match="interactions has 6 partitions and was made with 4"):
        await prepare(kafka.bootstrap, kafka_prefix, database)


async def test_a_new_epoch_gets_a_new_topic_of_events_and_keeps_the_rest(
    kafka: LocalKafka, kafka_prefix: str, database: Database
):
    before = await prepare(kafka.bootstrap, kafka_prefix, database)
    with database.transaction() as connection:
        epoch = identity.new_epoch(connection)
    after = await prepare(kafka.bootstrap, kafka_prefix, database)
    assert after.epoch == epoch
    assert after.names == before.names | {EVENTS.name: f"{kafka_prefix}events-{epoch.hex[:8]}"}
    assert (await described(kafka, kafka_prefix))[after.name_of(EVENTS)] == 1


async def test_what_is_past_its_retention_goes_within_a_day(kafka: LocalKafka, kafka_prefix: str, database: Database):
    topics = await prepare(kafka.bootstrap, kafka_prefix, database)
    admin = new_admin(kafka.bootstrap)
    await admin.start()
    try:
        wanted = ConfigResource(ConfigResourceType.TOPIC, topics.name_of(MAIL))
        (answer,) = await admin.describe_configs([wanted])
    finally:
        await admin.close()
    entries = answer.to_object()["resources"][0]["config_entries"]
    found = {entry["config_names"]: entry["config_value"] for entry in entries}
    assert (found["retention.ms"], found["segment.ms"]) == (str(14 * 24 * 3600 * 1000), str(24 * 3600 * 1000))
