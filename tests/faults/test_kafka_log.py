"""The log over a real Kafka, while brokers, groups and listeners fail."""

import asyncio
import time
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from eventstore.kafka_client import new_admin
from eventstore.kafka_consumption import Consumption
from eventstore.log import APPEND_SECONDS, NewRecord
from schemas.errors import LogUnavailableError, PositionMismatchError, TooLargeError
from schemas.topics import INTERACTIONS, MAIL

pytestmark = [pytest.mark.xdist_group("kafka")]


def take_down(kafka, how: str) -> None:
    {"stopped": kafka.stop, "killed": kafka.kill, "paused": kafka.pause}[how]()


def bring_back(kafka, how: str) -> None:
    {"stopped": kafka.start, "killed": kafka.start, "paused": kafka.resume}[how]()


@pytest.mark.parametrize("how", ["stopped", "killed", "paused"])
async def test_senders_hear_of_an_outage_within_five_seconds_and_nothing_is_lost_after_it(
    running_kafka, kafka_log, handled, running, until, how
):
    log = kafka_log()
    refused: list[float] = []
    acknowledged: list[NewRecord] = []
    over = asyncio.Event()

    async def send(writer: int) -> None:
        number = 0
        while not over.is_set():
            new = NewRecord(uuid4(), b"key-%d" % writer, b"%d:%d" % (writer, number))
            while True:  # as a sender does: the same again until it is acknowledged
                began = time.monotonic()
                try:
                    await log.append(INTERACTIONS, [new])
                except LogUnavailableError:
                    refused.append(time.monotonic() - began)
                    await asyncio.sleep(0.1)
                else:
                    break
            acknowledged.append(new)
            number += 1
            await asyncio.sleep(0.02)

    running(log.consume(INTERACTIONS, "incidents", handled))
    senders = [asyncio.create_task(send(writer)) for writer in range(6)]
    await until(lambda: len(handled.ids) > 60)
    take_down(running_kafka, how)
    await asyncio.sleep(6)
    with pytest.raises(LogUnavailableError):
        await log.check()
    await asyncio.to_thread(bring_back, running_kafka, how)
    sent_by_then = len(acknowledged)
    await until(lambda: len(acknowledged) > sent_by_then + 60)
    over.set()
    await asyncio.gather(*senders)
    await log.check()

    wanted = {new.id for new in acknowledged}
    await until(lambda: wanted <= set(handled.ids))
    assert len(refused) >= 6
    assert max(refused) < APPEND_SECONDS
    # what was refused and is durable all the same comes twice, with the same id: the inbox counts it once
    first_values = list(dict.fromkeys(handled.values))
    for writer in range(6):
        mine = [value for value in first_values if value.startswith(b"%d:" % writer)]
        assert mine == [b"%d:%d" % (writer, number) for number in range(len(mine))]


async def test_an_append_before_the_broker_is_there_fails_in_time_and_works_afterwards(
    running_kafka, kafka_log, some_records
):
    log = kafka_log()
    await log.prepare()
    running_kafka.kill()
    began = time.monotonic()
    with pytest.raises(LogUnavailableError):
        await log.append(MAIL, some_records(1))
    assert time.monotonic() - began < APPEND_SECONDS
    await asyncio.to_thread(running_kafka.start)
    await log.append(MAIL, some_records(1))


async def test_a_record_that_no_broker_takes_is_refused_before_anything_is_sent(kafka_log, some_records):
    log = kafka_log()
    with pytest.raises(TooLargeError):
        await log.append(MAIL, [*some_records(3), NewRecord(uuid4(), b"key", bytes(1024 * 1024))])
    assert [page async for page in log.scan(MAIL)] == []
    await log.append(MAIL, [NewRecord(uuid4(), b"key", bytes(1024 * 1024 - 4096))])


async def test_a_rebalance_while_handlers_run_loses_and_doubles_nothing(
    kafka_log, handled, running, until, some_records
):
    sent = some_records(600)
    log = kafka_log()
    await log.append(INTERACTIONS, sent)

    async def slowly(batch) -> None:
        await asyncio.sleep(0.4)
        await handled(batch)

    running(log.consume(INTERACTIONS, "incidents", slowly, max_records=20))
    await until(lambda: len(handled.ids) > 40)
    leaving = asyncio.create_task(kafka_log().consume(INTERACTIONS, "incidents", slowly, max_records=20))
    await until(lambda: len(handled.ids) > 200)
    running(kafka_log().consume(INTERACTIONS, "incidents", slowly, max_records=20))
    await until(lambda: len(handled.ids) > 350)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await until(lambda: len(handled.ids) >= 600)
    await asyncio.sleep(1)
    assert sorted(handled.ids) == sorted(new.id for new in sent)


async def test_a_handler_longer_than_the_group_waits_is_fenced_off(kafka_log, handled, running, until, some_records):
    sent = some_records(60)
    log = kafka_log(longest_batch_seconds=2)
    await log.append(INTERACTIONS, sent)
    stuck, late = asyncio.Event(), asyncio.Event()

    async def hang_at_first(batch) -> None:
        if not stuck.is_set():
            stuck.set()
            await until(lambda: len(handled.ids) >= 60)  # the other has handled it
            late.set()
        await handled(batch)

    running(log.consume(INTERACTIONS, "incidents", hang_at_first))
    await stuck.wait()
    running(kafka_log(longest_batch_seconds=2).consume(INTERACTIONS, "incidents", handled))
    await late.wait()
    await asyncio.sleep(1)
    later = some_records(60)
    await log.append(INTERACTIONS, later)
    await until(lambda: len(handled.ids) >= 120)
    assert sorted(handled.ids) == sorted(new.id for new in sent + later)


async def test_a_listener_that_raises_while_the_commit_is_ahead_skips_nothing(
    kafka, kafka_log, kafka_prefix, handled, running, until, some_records, monkeypatch
):
    log = kafka_log()
    sent = some_records(240)
    await log.append(INTERACTIONS, sent)
    await commit_to_the_end(kafka, f"{kafka_prefix}incidents", f"{kafka_prefix}{INTERACTIONS.name}")
    raised = 0

    async def fail(self, assigned) -> None:
        nonlocal raised
        raised += 1
        raise RuntimeError("the listener fails")

    monkeypatch.setattr(Consumption, "on_partitions_assigned", fail)
    running(log.consume(INTERACTIONS, "incidents", handled))
    await until(lambda: raised)
    more = some_records(120)  # read from Kafka's commit on, these would come first
    await log.append(INTERACTIONS, more)
    await until(lambda: len(handled.ids) >= 360)
    await asyncio.sleep(1)
    assert raised == 1
    assert sorted(handled.ids) == sorted(new.id for new in sent + more)
    assert len(handled.ids) == 360


async def commit_to_the_end(kafka, group: str, topic: str) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=group, enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in range(INTERACTIONS.partitions)]
    consumer.assign(partitions)
    await consumer.start()
    await consumer.commit(await consumer.end_offsets(partitions))
    await consumer.stop()


async def test_a_topic_made_anew_stops_its_consumers_loudly(
    kafka, kafka_log, kafka_prefix, handled, running, until, some_records
):
    log = kafka_log()
    await log.append(MAIL, some_records(48))
    task = asyncio.create_task(log.consume(MAIL, "parser", handled))
    await until(lambda: len(handled.ids) == 48)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    admin = new_admin(kafka.bootstrap)
    await admin.start()
    await admin.delete_topics([topic := f"{kafka_prefix}{MAIL.name}"])
    while topic in await admin.list_topics():  # noqa: ASYNC110 -- the broker does it when it comes to it
        await asyncio.sleep(0.1)
    await admin.close()
    anew = kafka_log()
    await anew.append(MAIL, some_records(480))  # further than the old one ever was
    with pytest.raises(PositionMismatchError, match="made anew"):
        await asyncio.wait_for(anew.consume(MAIL, "parser", handled), 60)
    assert len(handled.ids) == 48


async def test_what_strangers_put_into_a_topic_disturbs_nobody(
    kafka, kafka_log, kafka_prefix, handled, running, until, some_records
):
    log = kafka_log()
    before, after = some_records(24), some_records(24)
    await log.append(MAIL, before)
    stranger = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
    await stranger.start()
    for number in range(MAIL.partitions):
        await stranger.send_and_wait(
            f"{kafka_prefix}{MAIL.name}",
            b"\xff\xfe",
            partition=number,
            headers=[("cauce_id", b"\xff"), ("x", b"\xc3\x28")],
        )
        await stranger.send_and_wait(f"{kafka_prefix}{MAIL.name}", None, key=b"tombstone", partition=number)
    await stranger.stop()
    await log.append(MAIL, after)
    running(log.consume(MAIL, "parser", handled))
    await until(lambda: len(handled.ids) >= 60)
    assert {new.id for new in before + after} <= set(handled.ids)
    assert sorted(handled.values)[-6:] == [b"\xff\xfe"] * 6
