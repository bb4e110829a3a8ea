"""Three brokers, as production has them: one may die and intake goes on; of one alone nothing is acknowledged."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from eventstore import local_kafka
from eventstore.kafka_log import KafkaLog
from eventstore.local_kafka import LocalKafka
from eventstore.log import APPEND_SECONDS, NewRecord
from schemas.errors import LogUnavailableError
from schemas.topics import INTERACTIONS, TOPICS
from tests.in_memory import new_folder
from tests.ports import own_port

pytestmark = [pytest.mark.xdist_group("kafka"), pytest.mark.timeout(300)]

BROKERS = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[list[LocalKafka]]:
    folder = new_folder("cauce-kafka-cluster-")
    voters = {node: own_port() for node in range(1, BROKERS + 1)}
    cluster = local_kafka.cluster_id()
    brokers = []
    for node in voters:
        own = folder / str(node)
        own.mkdir()
        settings = local_kafka.properties(own, port=own_port(), voters=voters, node=node, copies=BROKERS)
        (own / "server.properties").write_text(settings)
        brokers.append(LocalKafka(own, heap="256m", cluster=cluster))
    start_all(brokers)
    yield brokers
    for broker in brokers:
        broker.kill()
    shutil.rmtree(folder, ignore_errors=True)


def start_all(brokers: list[LocalKafka]) -> None:
    with ThreadPoolExecutor(len(brokers)) as pool:  # none listens before they have elected a controller
        list(pool.map(LocalKafka.start, brokers))


async def test_one_of_three_may_die_and_two_must_not(cluster, kafka_prefix, database, handled, running, until):
    log = KafkaLog(",".join(broker.bootstrap for broker in cluster), kafka_prefix, database)
    await append_until_taken(log, [])  # topics made, leaders chosen
    await assert_three_copies(cluster, kafka_prefix)
    acknowledged: list[UUID] = []
    running(log.consume(INTERACTIONS, "reader", handled))

    await append_until_taken(log, acknowledged, 50)
    cluster[0].kill()
    refused = await append_until_taken(log, acknowledged, 50)
    assert all(seconds < APPEND_SECONDS for _, seconds in refused), refused

    cluster[1].kill()
    began = time.monotonic()
    with pytest.raises(LogUnavailableError):
        await log.append(INTERACTIONS, [record()])
    assert time.monotonic() - began < APPEND_SECONDS
    with pytest.raises(LogUnavailableError):  # for as long as two are away
        await log.append(INTERACTIONS, [record()])

    start_all(cluster[:2])
    refused += await append_until_taken(log, acknowledged, 50)
    await until(lambda: set(acknowledged) <= set(handled.ids))
    # what was refused and is durable all the same comes twice, with the same id: the inbox counts it once
    doubled = {id_ for id_, times in Counter(handled.ids).items() if times > 1}
    assert doubled <= {id_ for id_, _ in refused}
    await log.close()


def record() -> NewRecord:
    return NewRecord(uuid4(), uuid4().bytes, b"value")


async def append_until_taken(log: KafkaLog, acknowledged: list[UUID], count: int = 1) -> list[tuple[UUID, float]]:
    """As a sender does: the same again until it is taken. Returns what was refused, and after how long."""
    refused: list[tuple[UUID, float]] = []
    until = time.monotonic() + 120
    for _ in range(count):
        mine, taken = record(), False
        while not taken:
            assert time.monotonic() < until, "they never took it"
            began = time.monotonic()
            try:
                await log.append(INTERACTIONS, [mine])
                taken = True
            except LogUnavailableError:
                refused.append((mine.id, time.monotonic() - began))
        acknowledged.append(mine.id)
    return refused


async def assert_three_copies(cluster: list[LocalKafka], prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster[0].bootstrap)
    await admin.start()
    try:
        found = {topic["topic"]: topic for topic in await admin.describe_topics()}
        for topic in TOPICS:
            copies = [len(partition["replicas"]) for partition in found[f"{prefix}{topic.name}"]["partitions"]]
            assert copies == [BROKERS] * topic.partitions
    finally:
        with suppress(Exception):
            await admin.close()
