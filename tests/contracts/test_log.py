"""What every log promises (eventstore/log.py), run on each of them."""

import asyncio
import time
from collections import defaultdict
from uuid import uuid4

import pytest

from eventstore import positions
from eventstore.log import NewRecord
from schemas.errors import PositionMismatchError, StalePositionError
from schemas.topics import INTERACTIONS, MAIL


def record(key: bytes = b"key", value: bytes = b"value", **headers: str) -> NewRecord:
    return NewRecord(uuid4(), key, value, headers)


class Reader:
    """A consumer that keeps what it was given, in the transaction that moves its position."""

    def __init__(self, database, *, fail=lambda _: False, seconds=0.0):
        self.database = database
        self.batches = []
        self.attempts = 0
        self.fail = fail
        self.seconds = seconds

    async def __call__(self, batch):
        self.attempts += 1
        await asyncio.sleep(self.seconds)
        if self.fail(self):
            raise RuntimeError("the handler fails")
        await self.database.run(positions.advance, batch)
        self.batches.append(batch)

    @property
    def records(self):
        return [record for batch in self.batches for record in batch.records]

    @property
    def ids(self):
        return [record.id for record in self.records]


async def test_what_was_appended_is_read_with_its_id_value_and_headers(log, database, running, until):
    sent = [record(value=bytes(range(256)), ce_type="mañana", ce_source="form"), record(value=b"plain")]
    await log.append(MAIL, sent)
    reader = Reader(database)
    running(log.consume(MAIL, "reader", reader))
    await until(lambda: len(reader.records) == 2)
    got = {found.id: (found.value, dict(found.headers)) for found in reader.records}
    assert got == {new.id: (new.value, dict(new.headers)) for new in sent}


@pytest.mark.parametrize("size", [1, 2, 256 * 1024])  # none is empty: so an erased one is told from others
async def test_a_value_of_any_size_comes_back_whole(log, database, running, until, size):
    sent = record(value=b"\x00\xff" * (size // 2) + b"\x07" * (size % 2))
    await log.append(MAIL, [sent])
    reader = Reader(database)
    running(log.consume(MAIL, "reader", reader))
    await until(lambda: bool(reader.records))
    assert [(found.id, found.value) for found in reader.records] == [(sent.id, sent.value)]


async def test_records_of_one_key_keep_their_order_under_concurrent_appends(log, database, running, until):
    reader = Reader(database)
    running(log.consume(INTERACTIONS, "reader", reader))

    async def write(key: bytes) -> list:
        sent = []
        for number in range(40):
            sent.append(record(key=key, value=key + b":%d" % number))
            await log.append(INTERACTIONS, [sent[-1]])
        return sent

    written = await asyncio.gather(*(write(b"key-%d" % writer) for writer in range(8)))
    await until(lambda: len(reader.records) >= 320)
    by_key = defaultdict(list)
    for found in reader.records:
        by_key[found.value.partition(b":")[0]].append(found.id)
    assert by_key == {sent[0].key: [new.id for new in sent] for sent in written}


async def test_no_batch_is_larger_than_asked_and_each_begins_where_the_last_ended(log, database, running, until):
    await log.append(MAIL, [record(value=b"%d" % number) for number in range(95)])
    reader = Reader(database)
    running(log.consume(MAIL, "reader", reader, max_records=10))
    await until(lambda: len(reader.records) == 95)
    assert max(len(batch.records) for batch in reader.batches) == 10
    assert [found.value for found in reader.records] == [b"%d" % number for number in range(95)]
    for before, after in zip(reader.batches, reader.batches[1:], strict=False):
        assert after.position == before.next_position
    assert all(batch.next_position > batch.records[-1].offset for batch in reader.batches)


async def test_a_failing_handler_gets_the_same_records_again_until_it_succeeds(log, database, running, until):
    sent = [record() for _ in range(5)]
    await log.append(MAIL, sent)
    reader = Reader(database, fail=lambda self: self.attempts < 5)
    running(log.consume(MAIL, "reader", reader))
    await until(lambda: len(reader.records) == 5)
    assert (reader.ids, reader.attempts) == ([new.id for new in sent], 5)


async def test_a_new_consumer_goes_on_where_a_dead_one_of_its_name_stopped(log, open_log, database, until):
    await log.append(MAIL, [record(value=b"%d" % number) for number in range(20)])
    first = Reader(database)

    async def die_after_two(batch):
        if len(first.batches) == 2:
            await asyncio.sleep(3600)
        await first(batch)

    dying = asyncio.create_task(log.consume(MAIL, "reader", die_after_two, max_records=5))
    await until(lambda: len(first.batches) == 2)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    second = Reader(database)
    living = asyncio.create_task((await open_log()).consume(MAIL, "reader", second, max_records=5))
    await until(lambda: len(second.records) >= 10)
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    assert [found.value for found in first.records + second.records] == [b"%d" % number for number in range(20)]


async def test_a_handler_that_dies_after_its_transaction_is_not_repeated(log, database, running, until):
    sent = [record(value=b"%d" % number) for number in range(30)]
    await log.append(MAIL, sent)
    counted = Reader(database)

    async def handle(batch):
        await counted(batch)
        if len(counted.batches) % 2:
            raise RuntimeError("after the commit")

    running(log.consume(MAIL, "reader", handle, max_records=7))
    await until(lambda: len(counted.records) >= 30)
    await asyncio.sleep(1.5)  # a repetition would come within this
    assert counted.ids == [new.id for new in sent]


async def test_two_names_read_the_same_records_each_at_its_own_pace(log, database, running, until):
    sent = [record() for _ in range(10)]
    await log.append(MAIL, sent)
    one, other = Reader(database), Reader(database, seconds=0.2)
    running(log.consume(MAIL, "one", one))
    running(log.consume(MAIL, "other", other, max_records=3))
    await until(lambda: len(one.records) == len(other.records) == 10)
    assert one.ids == other.ids == [new.id for new in sent]


async def test_of_two_with_one_name_each_record_reaches_one_and_the_survivor_goes_on(log, open_log, database, until):
    readers = [Reader(database), Reader(database)]
    logs = [log, await open_log()]
    tasks = [
        asyncio.create_task(each.consume(MAIL, "reader", reader)) for each, reader in zip(logs, readers, strict=True)
    ]
    before = [record(key=b"key-%d" % number) for number in range(40)]
    for new in before:
        await log.append(MAIL, [new])
    await until(lambda: sum(len(reader.records) for reader in readers) >= 40)
    busy = max((0, 1), key=lambda number: len(readers[number].records))
    tasks[busy].cancel()
    await asyncio.gather(tasks[busy], return_exceptions=True)
    after = [record(key=b"key-%d" % number) for number in range(40)]
    await log.append(MAIL, after)
    await until(lambda: sum(len(reader.records) for reader in readers) >= 80)
    tasks[1 - busy].cancel()
    await asyncio.gather(tasks[1 - busy], return_exceptions=True)
    assert sorted(readers[0].ids + readers[1].ids) == sorted(new.id for new in before + after)


async def test_a_handler_slower_than_any_poll_keeps_its_records(log, database, running, until):
    reader = Reader(database, seconds=3.0)
    running(log.consume(MAIL, "reader", reader, max_records=5))
    sent = [record() for _ in range(10)]
    await log.append(MAIL, sent)
    await until(lambda: len(reader.records) >= 10)
    await asyncio.sleep(1.5)
    assert (reader.ids, reader.attempts) == ([new.id for new in sent], len(reader.batches))


async def test_a_consumer_whose_position_was_moved_obeys_the_stored_one(log, database, running, until):
    sent = [record(value=b"%d" % number) for number in range(10)]
    await log.append(MAIL, sent)
    stale = 0
    reader = Reader(database)

    async def handle(batch):
        nonlocal stale
        if not stale:  # somebody else handles this batch first
            await database.run(positions.advance, batch)
        try:
            await reader(batch)
        except StalePositionError:
            stale += 1
            raise

    running(log.consume(MAIL, "reader", handle, max_records=4))
    await until(lambda: len(reader.records) >= 6)
    await asyncio.sleep(1.2)
    assert stale == 1
    assert [found.value for found in reader.records] == [b"%d" % number for number in range(4, 10)]


async def test_a_log_that_is_the_one_it_read_says_so_without_being_read(log, database, running, until):
    await log.verify(MAIL, "reader")
    await log.append(MAIL, [record(key=b"key-%d" % number) for number in range(12)])
    await log.verify(MAIL, "reader")
    reader = Reader(database)
    running(log.consume(MAIL, "reader", reader))
    await until(lambda: len(reader.records) == 12)
    await log.append(INTERACTIONS, [record()])
    await log.verify(MAIL, "reader")
    await log.verify(INTERACTIONS, "reader")


async def test_a_log_that_is_not_the_one_it_read_stops_a_consumer(log, database, until):
    await log.append(MAIL, [record() for _ in range(3)])
    reader = Reader(database)
    task = asyncio.create_task(log.consume(MAIL, "reader", reader))
    await until(lambda: len(reader.records) == 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with database.transaction() as connection:
        connection.execute("UPDATE positions SET last_id = %s", (uuid4(),))
    with pytest.raises(PositionMismatchError, match="reader"):
        await log.verify(MAIL, "reader")
    await log.append(MAIL, [record()])
    with pytest.raises(PositionMismatchError, match="reader"):
        await asyncio.wait_for(log.consume(MAIL, "reader", reader), 60)
    assert len(reader.records) == 3


async def test_the_lag_counts_what_a_consumer_has_not_handled(log, database, running, until):
    assert await log.lag(MAIL, "reader") == 0
    await log.append(MAIL, [record(key=b"key-%d" % number) for number in range(12)])
    assert await log.lag(MAIL, "reader") == 12
    reader = Reader(database)
    running(log.consume(MAIL, "reader", reader))
    await until(lambda: len(reader.records) == 12)
    assert (await log.lag(MAIL, "reader"), await log.lag(MAIL, "other")) == (0, 12)


async def test_a_waiting_consumer_hears_of_an_append_at_once(log, database, running, until):
    reader = Reader(database)
    running(log.consume(MAIL, "reader", reader))
    await log.append(MAIL, [record()])
    await until(lambda: len(reader.records) == 1)
    waits = []
    for number in range(2, 9):
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await log.append(MAIL, [record()])
        await until(lambda number=number: len(reader.records) == number)
        waits.append(time.monotonic() - began)
    assert sorted(waits)[3] < 0.5  # by the poll alone it would be half a second and more


async def test_a_log_that_can_be_written_says_so(log):
    await log.check()


async def test_an_append_of_nothing_is_no_append(log):
    await log.append(MAIL, [])
    assert await log.lag(MAIL, "reader") == 0


async def test_a_scan_shows_all_that_is_kept_in_order_and_moves_no_position(log, database):
    sent = [record(value=b"%d" % number) for number in range(25)]
    await log.append(MAIL, sent)
    found = [kept async for page in log.scan(MAIL, page=10) for kept in page]
    assert [kept.id for kept in found] == [new.id for new in sent]
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM positions").fetchone() == (0,)
