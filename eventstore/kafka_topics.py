"""The topics in Kafka: made as schemas/topics.py states them, recorded in our database, checked before use.

Replication: three copies of which two must have a record before it is acknowledged, where the cluster has three
brokers; fewer brokers, fewer copies, and then a broker that loses power can lose what it had acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from eventstore import identity, kafka_address
from eventstore.database import Connection, Database
from eventstore.kafka_client import RECORD_MAX_BYTES, Admin, new_admin
from schemas.errors import LogUnavailableError, OperatorError
from schemas.topics import EVENTS, TOPICS, Topic

_COPIES = 3
_BATCH_MAX_BYTES = RECORD_MAX_BYTES + 64 * 1024  # the broker measures a whole batch, with its own headers
_APPEAR_SECONDS = 5.0
_SEGMENT_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """What the topics are called in Kafka, by their name in schemas/topics.py; and the epoch of `events`."""

    names: Mapping[str, str]
    partitions: Mapping[str, int]
    epoch: UUID

    def name_of(self, topic: Topic) -> str:
        """A topic's name in Kafka."""
        return self.names[topic.name]


async def prepare(bootstrap: str, prefix: str, database: Database) -> KafkaTopics:
    """Make the topics that are missing and check the others. Safe to call by many at once.

    Raises LogUnavailableError, and OperatorError when one has another partition count than it was made with.
    """
    topics = await database.run(_recorded, prefix)
    admin = new_admin(bootstrap)
    try:
        await admin.start()
        await _make_missing(admin, topics)
        await _check(admin, topics)
    except (KafkaError, OSError) as error:
        raise LogUnavailableError(f"Kafka at {kafka_address.read(bootstrap).servers}: {error}") from error
    finally:
        await admin.close()
    return topics


def _recorded(connection: Connection, prefix: str) -> KafkaTopics:
    """The names to use, decided once in the database: who comes second finds them decided."""
    epoch = identity.read_identity(connection).epoch
    connection.execute(
        "INSERT INTO kafka_topics (prefix, name, topic, partitions, epoch)"
        " SELECT %s, name, %s || name, partitions, %s"
        " FROM unnest(%s::text[], %s::integer[]) AS wanted(name, partitions) ON CONFLICT DO NOTHING",
        (prefix, prefix, epoch, [topic.name for topic in TOPICS], [topic.partitions for topic in TOPICS]),
    )
    # another epoch's positions mean other events: they get a topic of their own, the old one is left to its retention
    connection.execute(
        "UPDATE kafka_topics SET epoch = %s, topic = %s, made_at = now()"
        " WHERE prefix = %s AND name = %s AND epoch <> %s",
        (epoch, f"{prefix}{EVENTS.name}-{epoch.hex[:8]}", prefix, EVENTS.name, epoch),
    )
    rows: Sequence[tuple[str, str, int]] = connection.execute(
        "SELECT name, topic, partitions FROM kafka_topics WHERE prefix = %s", (prefix,)
    ).fetchall()
    return KafkaTopics(
        names={name: topic for name, topic, _ in rows},
        partitions={name: partitions for name, _, partitions in rows},
        epoch=epoch,
    )


async def _make_missing(admin: Admin, topics: KafkaTopics) -> None:
    there = await _partition_counts(admin)
    missing = [topic for topic in TOPICS if topics.name_of(topic) not in there]
    if not missing:
        return
    brokers = (await admin.describe_cluster())["brokers"]
    copies = min(_COPIES, len(brokers))
    answer = await admin.create_topics([_new(topic, topics, copies) for topic in missing])
    for failed in answer.to_object()["topic_errors"]:
        error = for_code(failed["error_code"])
        if failed["error_code"] and error is not TopicAlreadyExistsError:
            raise OperatorError(f"Kafka won't make the topic {failed['topic']}: {failed.get('error_message') or error}")


def _new(topic: Topic, topics: KafkaTopics, copies: int) -> NewTopic:
    retention_ms = -1 if topic.retention is None else int(topic.retention.total_seconds() * 1000)
    return NewTopic(
        topics.name_of(topic),
        topics.partitions[topic.name],
        copies,
        topic_configs={
            "retention.ms": str(retention_ms),
            # only closed segments are deleted: without this a quiet topic keeps what it held for weeks longer
            "segment.ms": str(_SEGMENT_MS),
            "max.message.bytes": str(_BATCH_MAX_BYTES),
            "min.insync.replicas": str(2 if copies >= _COPIES else 1),
            "cleanup.policy": "delete",
        },
    )


async def _check(admin: Admin, topics: KafkaTopics) -> None:
    until = asyncio.get_running_loop().time() + _APPEAR_SECONDS
    there = await _partition_counts(admin)
    while not set(topics.names.values()) <= there.keys() and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.05)  # made a moment ago, not yet everywhere
        there = await _partition_counts(admin)
    for name, topic in topics.names.items():
        wanted = 1 if name == EVENTS.name else topics.partitions[name]
        if there.get(topic) != wanted:
            raise OperatorError(
                f"topic {topic} has {there.get(topic, 'no')} partitions and was made with {wanted}:"
                " the order of what it holds is lost. Make it anew under another CAUCE_KAFKA_PREFIX"
            )


async def _partition_counts(admin: Admin) -> dict[str, int]:
    return {
        str(found["topic"]): len(found["partitions"])
        for found in await admin.describe_topics()
        if not found["error_code"]
    }
