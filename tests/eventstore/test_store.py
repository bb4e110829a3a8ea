import asyncio
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from eventstore import store
from eventstore.postgres import PostgresFeed
from eventstore.recorded import NewEvent, Recorded
from schemas.errors import ConflictError

WRITER = """
import random, sys
from eventstore import store
from eventstore.database import Database
from eventstore.recorded import NewEvent
url, writer, events = sys.argv[1], sys.argv[2], int(sys.argv[3])
database = Database(url, size=1)
database.open()
choice, version = random.Random(writer), 0
while version < events:
    count = min(choice.randint(1, 10), events - version)
    with database.transaction() as connection:
        if choice.random() < 0.5:
            store.lock(connection)  # without it the table's own trigger takes the lock
        store.append(connection, [NewEvent(f"writer/{writer}", version + n + 1, "t", b"x") for n in range(count)])
    version += count
database.close()
"""


def event(stream: str = "incident/a", version: int = 1, data: bytes = b"data") -> NewEvent:
    return NewEvent(stream, version, "incident.opened.v1", data)


def test_an_appended_event_is_read_back_whole(database):
    causation, correlation, began = uuid4(), uuid4(), datetime.now(UTC)
    new = NewEvent("incident/a", 1, "incident.opened.v1", bytes(range(256)), causation, correlation)
    with database.transaction() as connection:
        store.lock(connection)
        assert store.append(connection, [new]) == [1]
        (read,) = store.read_after(connection, 0, 10)
    assert read == Recorded(
        1, "incident/a", 1, "incident.opened.v1", new.data, read.recorded_at, causation, correlation
    )
    assert began - timedelta(seconds=1) < read.recorded_at < datetime.now(UTC) + timedelta(seconds=1)
    assert read.recorded_at.utcoffset() == timedelta(0)


def test_positions_follow_the_given_order(database):
    streams = [f"incident/{number % 7}" for number in range(500)]
    events = [event(stream, number + 1) for number, stream in enumerate(streams)]
    with database.transaction() as connection:
        positions = store.append(connection, events)
        read = store.read_after(connection, 0, 1000)
    assert positions == sorted(positions)
    assert [found.stream for found in read] == streams


def test_a_taken_version_is_a_conflict_and_nothing_is_kept(database):
    with database.transaction() as connection:
        store.append(connection, [event()])
    with pytest.raises(ConflictError, match="read it again"), database.transaction() as connection:
        store.append(connection, [event("incident/b"), event()])
    with database.transaction() as connection:
        assert store.versions(connection, ["incident/a", "incident/b"]) == {"incident/a": 1}


def test_an_append_of_nothing_is_no_append(database):
    with database.transaction() as connection:
        assert store.append(connection, []) == []
        assert store.last_position(connection) == 0


def test_reading_is_bounded_by_limit_and_by_until(database):
    with database.transaction() as connection:
        store.append(connection, [event(version=version) for version in range(1, 11)])
        assert [found.position for found in store.read_after(connection, 3, 4)] == [4, 5, 6, 7]
        assert [found.position for found in store.read_after(connection, 3, 100, until=5)] == [4, 5]
        assert store.last_position(connection) == 10


def test_streams_are_read_each_in_its_order_and_absent_ones_are_absent(database):
    with database.transaction() as connection:
        store.append(connection, [event("call/a", 1), event("call/b", 1), event("call/a", 2), event("call/c", 1)])
        found = store.read_streams(connection, ["call/a", "call/b", "call/none"])
    assert {stream: [each.position for each in events] for stream, events in found.items()} == {
        "call/a": [1, 3],
        "call/b": [2],
    }


def test_part_of_a_stream_is_read_from_either_end(database):
    with database.transaction() as connection:
        store.append(connection, [event(version=version) for version in range(1, 9)])
        newest = store.read_stream(connection, "incident/a", newest_first=True, limit=2)
        middle = store.read_stream(connection, "incident/a", after=2, until=5)
    assert ([found.version for found in newest], [found.version for found in middle]) == ([8, 7], [3, 4, 5])


def test_a_writer_that_takes_no_lock_waits_for_the_one_that_holds_it(database):
    """The table's trigger takes the lock for a writer that forgets it: a later commit has a later position."""
    order: list[str] = []
    locked = threading.Event()

    def careful() -> None:
        with database.transaction() as connection:
            store.lock(connection)
            locked.set()
            time.sleep(0.5)
            order.append(f"careful {store.append(connection, [event('call/careful')])}")

    def careless() -> None:
        locked.wait()
        with psycopg.connect(database.url) as connection:
            connection.execute("INSERT INTO events (stream, version, type, data) VALUES ('call/careless', 1, 't', '')")
            order.append(f"careless {connection.execute('SELECT max(position) FROM events').fetchone()}")

    threads = [threading.Thread(target=work) for work in (careful, careless)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == ["careful [1]", "careless (2,)"]


async def test_eight_writing_processes_and_one_tailing_reader_miss_nothing(database, running, until):
    got: list[Recorded] = []

    async def keep(events) -> None:
        got.extend(events)

    async def checkpoint() -> int:
        return got[-1].position if got else 0

    running(PostgresFeed(database).follow("reader", checkpoint, keep))
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, database.url, str(number), "2500", stderr=subprocess.PIPE
        )
        for number in range(8)
    ]
    ends = await asyncio.gather(*(writer.communicate() for writer in writers))
    assert [(writer.returncode, end[1]) for writer, end in zip(writers, ends, strict=True)] == [(0, b"")] * 8
    await until(lambda: len(got) >= 20_000)
    positions = [found.position for found in got]
    assert positions == sorted(set(positions))
    stored = await database.run(store.read_after, 0, 30_000)
    assert positions == [found.position for found in stored]
    by_writer = {f"writer/{number}": list(range(1, 2501)) for number in range(8)}
    assert {stream: [e.version for e in got if e.stream == stream] for stream in by_writer} == by_writer


def test_old_history_is_entered_with_the_time_it_was_recorded(database):
    long_ago = datetime(2020, 2, 29, 12, 30, tzinfo=UTC)
    with database.transaction() as connection:
        store.append(connection, [NewEvent("incident/a", 1, "incident.opened.v1", b"", recorded_at=long_ago)])
        (found,) = store.read_after(connection, 0, 10)
    assert found.recorded_at == long_ago
