"""Relays and feeds over a real Kafka, while relays die or hang, the broker is away, and the topic has holes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from structlog.testing import capture_logs

from eventstore import identity, kafka_topics, store
from eventstore.kafka_client import RECORD_MAX_BYTES
from eventstore.kafka_feed import KafkaFeed
from eventstore.kafka_records import published
from eventstore.recorded import NewEvent
from schemas.errors import EpochChangedError, StalePositionError
from schemas.topics import EVENTS
from services.relay import relay_position, run_relay

pytestmark = [pytest.mark.xdist_group("kafka")]

RELAY = """
import asyncio, sys
from eventstore.database import Database
from services.relay import run_relay
database = Database(sys.argv[1])
database.open()
asyncio.run(run_relay(database, *sys.argv[2:]))
"""


def event(data: bytes = b"data") -> NewEvent:
    return NewEvent(f"incident/{uuid4()}", 1, "incident.opened.v1", data, uuid4(), None)


def append(connection, events) -> list[int]:
    store.lock(connection)
    return store.append(connection, events)


class Fold:
    """A projection's edge: what was folded and the checkpoint, moved by compare-and-set in one transaction."""

    def __init__(self, database) -> None:
        self._database = database
        with database.transaction() as connection:
            connection.execute("CREATE TABLE folded (place bigserial, position bigint NOT NULL)")
            connection.execute("CREATE TABLE at (position bigint NOT NULL)")
            connection.execute("INSERT INTO at VALUES (0)")

    async def checkpoint(self) -> int:
        return await self._database.run(lambda connection: connection.execute("SELECT position FROM at").fetchone()[0])

    async def __call__(self, events) -> None:
        await self._database.run(self._fold, await self.checkpoint(), events)

    @staticmethod
    def _fold(connection, position, events) -> None:
        if events[0].position <= position:
            raise StalePositionError("folded before")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO folded (position) VALUES (%s)", [(each.position,) for each in events])
        moved = connection.execute(
            "UPDATE at SET position = %s WHERE position = %s", (events[-1].position, position)
        ).rowcount
        if moved != 1:
            raise StalePositionError("somebody else folds")

    @property
    def positions(self) -> list[int]:
        with self._database.transaction() as connection:
            return [position for (position,) in connection.execute("SELECT position FROM folded ORDER BY place")]


@pytest.fixture
def fold(database):
    return Fold(database)


@pytest.fixture
def stored(database):
    def positions() -> list[int]:
        with database.transaction() as connection:
            return [position for (position,) in connection.execute("SELECT position FROM events ORDER BY position")]

    return positions


@pytest.fixture
def relay_at(database):
    def position() -> int:
        with database.transaction() as connection:
            return relay_position(connection)

    return position


@pytest.fixture
def relay_process(kafka, kafka_prefix, database_url, tmp_path):
    """Start a relay in a process of its own; its log is in a file of its number."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "starting").open("wb") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-u", "-c", RELAY, database_url, kafka.bootstrap, kafka_prefix],
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                    stdout=log,
                    stderr=subprocess.DEVNULL,
                )
            )
        (tmp_path / "starting").rename(tmp_path / f"{started[-1].pid}.log")
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def relay_says(tmp_path):
    """What a relay's process has logged so far."""
    return lambda process: (tmp_path / f"{process.pid}.log").read_text()


@pytest.fixture
async def writer(database):
    """Appends groups of events until told to stop."""
    over = asyncio.Event()

    async def write() -> None:
        while not over.is_set():
            await database.run(append, [event() for _ in range(7)])
            await asyncio.sleep(0.01)

    task = asyncio.create_task(write())

    async def stop() -> None:
        over.set()
        await task

    yield stop
    await stop()


async def in_topic(kafka, database, prefix) -> list[int]:
    """Positions in the topic, in its order."""
    topics = await kafka_topics.prepare(kafka.bootstrap, prefix, database)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False)
    partition = TopicPartition(topics.name_of(EVENTS), 0)
    consumer.assign([partition])
    await consumer.start()
    try:
        end = (await consumer.end_offsets([partition]))[partition]
        consumer.seek(partition, 0)
        found: list[int] = []
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                found += [published(record).event.position for record in records]
        return found
    finally:
        await consumer.stop()


async def test_the_topic_holds_every_event_whole_in_the_stores_order(
    kafka, kafka_prefix, database, running, until, stored, relay_at
):
    for size in (1, 1500, 7):
        await database.run(append, [event(bytes([size % 256]) * (size % 4000)) for _ in range(size)])
    running(run_relay(database, kafka.bootstrap, kafka_prefix))
    await until(lambda: relay_at() == stored()[-1])
    assert await in_topic(kafka, database, kafka_prefix) == stored()


async def test_a_follower_hears_of_an_event_by_the_topic_at_once(
    kafka, kafka_prefix, database, running, until, fold, stored
):
    running(run_relay(database, kafka.bootstrap, kafka_prefix))
    running(KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold))
    waits = []
    for number in range(1, 16):
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await database.run(append, [event()])
        await until(lambda number=number: len(fold.positions) == number)
        waits.append(time.monotonic() - began)
    assert fold.positions == stored()
    assert sorted(waits)[7] < 0.7  # without the topic it would be two seconds and more


async def test_an_event_over_the_limit_in_the_middle_of_a_batch_leaves_a_hole_that_followers_fill(
    kafka, kafka_prefix, database, running, until, fold, stored, relay_at
):
    running(run_relay(database, kafka.bootstrap, kafka_prefix))
    running(KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold))
    await database.run(append, [event() for _ in range(5)])
    await until(lambda: len(fold.positions) == 5)
    large, holes, filled = bytes(RECORD_MAX_BYTES * 2), [], {"event": "hole_filled", "log_level": "info"}
    with capture_logs() as logs:
        while filled not in logs:  # before it follows the topic it finds what lacks there in the table
            await asyncio.sleep(0.5)
            positions = await database.run(append, [event(), event(), event(large), event(), event()])
            holes.append(positions[2])
            await until(lambda last=positions[-1]: fold.positions[-1] == last)
            filled |= {"consumer": "fold", "after": holes[-1] - 1, "before": holes[-1] + 1}
    holes += await database.run(append, [event(large)])  # nothing comes after this one to show the hole
    await until(lambda: fold.positions[-1] == relay_at() == holes[-1])
    assert fold.positions == stored()
    assert await in_topic(kafka, database, kafka_prefix) == [at for at in stored() if at not in holes]


async def test_events_that_the_broker_refuses_are_left_out_and_filled_in(
    kafka, kafka_prefix, database, running, until, fold, stored, relay_at
):
    topics = await kafka_topics.prepare(kafka.bootstrap, kafka_prefix, database)
    await lower_the_limit(kafka, topics.name_of(EVENTS), 30_000)
    running(run_relay(database, kafka.bootstrap, kafka_prefix))
    running(KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold))
    await database.run(append, [event() for _ in range(5)])
    await until(lambda: relay_at() == 5)
    await database.run(append, [event(bytes(50_000))])
    await until(lambda: relay_at() == 6)
    await database.run(append, [event() for _ in range(5)])
    await until(lambda: len(fold.positions) == 11 and relay_at() == 11)
    assert fold.positions == stored()


async def lower_the_limit(kafka, topic: str, limit_bytes: int) -> None:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 -- only here
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType  # noqa: PLC0415 -- only here

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": str(limit_bytes)})]
    )
    await admin.close()


async def test_of_two_relays_one_stopped_the_other_takes_over_and_nothing_is_lost_or_doubled(
    kafka, kafka_prefix, database, running, until, fold, stored, relay_at, relay_process, relay_says, writer
):
    running(KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold))
    leader = relay_process()
    await until(lambda: relay_at() > 100)
    stands_by = relay_process()
    await until(lambda: somebody_asks_for_the_lead(database))
    assert "relay_leads" not in relay_says(stands_by)
    os.kill(leader.pid, signal.SIGSTOP)
    await asyncio.sleep(0.5)
    stopped_at = relay_at()
    await until(lambda: relay_at() > stopped_at + 100)  # the stand-by leads
    os.kill(leader.pid, signal.SIGCONT)
    woken_at = relay_at()
    await until(lambda: relay_at() > woken_at + 500)
    await until(lambda: "relay_waits" in relay_says(leader))
    await writer()
    await until(lambda: relay_at() == stored()[-1] and len(fold.positions) >= len(stored()))
    assert fold.positions == stored()
    assert leader.poll() is None  # it stands by
    assert set(await in_topic(kafka, database, kafka_prefix)) == set(stored())


def somebody_asks_for_the_lead(database) -> bool:
    with database.transaction() as connection:
        return connection.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%'"
            " AND datname = current_database() AND pid <> pg_backend_pid())"
        ).fetchone()[0]


async def test_a_relay_killed_in_the_middle_of_a_load_is_followed_by_another(
    kafka, kafka_prefix, database, running, until, fold, stored, relay_at, relay_process, writer
):
    running(KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold))
    for _ in range(3):
        before = relay_at()
        relay = relay_process()
        await until(lambda before=before: relay_at() > before + 150)
        relay.kill()
        relay.wait()
    folded = len(fold.positions)
    await until(lambda: len(fold.positions) > folded + 200)  # with no relay at all the table is read
    relay_process()
    await until(lambda: relay_at() > 600)
    await writer()
    await until(lambda: relay_at() == stored()[-1] and len(fold.positions) >= len(stored()))
    assert fold.positions == stored()
    assert set(await in_topic(kafka, database, kafka_prefix)) == set(stored())


@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_while_the_broker_is_away_projections_go_on_and_the_relay_catches_up_afterwards(
    running_kafka, kafka_prefix, database, running, until, fold, stored, relay_at, writer, how
):
    running(run_relay(database, running_kafka.bootstrap, kafka_prefix))
    running(KafkaFeed(running_kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold))
    await until(lambda: relay_at() > 100)
    {"killed": running_kafka.kill, "paused": running_kafka.pause}[how]()
    await asyncio.sleep(1)
    folded = len(fold.positions)
    await until(lambda: len(fold.positions) > folded + 300)
    await asyncio.sleep(4)
    await asyncio.to_thread({"killed": running_kafka.start, "paused": running_kafka.resume}[how])
    await writer()
    await until(lambda: relay_at() == stored()[-1] and len(fold.positions) >= len(stored()))
    assert fold.positions == stored()
    assert set(await in_topic(running_kafka, database, kafka_prefix)) == set(stored())


async def test_the_checkpoint_waits_for_the_brokers_word(
    running_kafka, kafka_prefix, database, running, until, stored, relay_at
):
    running(run_relay(database, running_kafka.bootstrap, kafka_prefix))
    await database.run(append, [event() for _ in range(5)])
    await until(lambda: relay_at() == 5)
    running_kafka.pause()
    try:
        await database.run(append, [event() for _ in range(5)])
        await asyncio.sleep(2)  # it has sent them long since
        assert relay_at() == 5
    finally:
        await asyncio.to_thread(running_kafka.resume)
    await until(lambda: relay_at() == 10)
    assert set(await in_topic(running_kafka, database, kafka_prefix)) == set(stored())


async def test_two_followers_of_one_name_fold_each_event_once(
    kafka, kafka_prefix, database, running, until, fold, stored, writer
):
    running(run_relay(database, kafka.bootstrap, kafka_prefix))
    first = asyncio.create_task(
        KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold)
    )
    running(KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold))
    await until(lambda: len(fold.positions) > 500)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    folded = len(fold.positions)
    await until(lambda: len(fold.positions) > folded + 200)
    await writer()
    await until(lambda: len(fold.positions) >= len(stored()))
    assert fold.positions == stored()


async def test_another_epoch_stops_followers_and_relays_with_what_to_do(
    kafka, kafka_prefix, database, until, fold, relay_at
):
    await database.run(append, [event()])
    relay = asyncio.create_task(run_relay(database, kafka.bootstrap, kafka_prefix))
    follower = asyncio.create_task(
        KafkaFeed(kafka.bootstrap, kafka_prefix, database).follow("fold", fold.checkpoint, fold)
    )
    await until(lambda: relay_at() == 1 and len(fold.positions) == 1)
    await database.run(identity.new_epoch)
    await database.run(append, [event()])
    for task in (relay, follower):
        with pytest.raises(EpochChangedError, match="restart the hub"):
            await asyncio.wait_for(task, 60)
