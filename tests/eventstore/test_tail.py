"""The newest events are read once for all who follow them; whoever falls behind what is held misses nothing."""

import asyncio
from uuid import uuid4

from eventstore import store
from eventstore.postgres import PostgresFeed
from eventstore.recorded import NewEvent
from eventstore.tail import Tail


def append(connection, count: int, size: int) -> None:
    store.append(connection, [NewEvent(f"incident/{uuid4()}", 1, "t", bytes(size)) for _ in range(count)])


class Reader:
    """Keeps what it is given once it may."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.events = []
        self.may = asyncio.Event()
        if at_once:
            self.may.set()

    async def checkpoint(self) -> int:
        return self.events[-1].position if self.events else 0

    async def __call__(self, events) -> None:
        await self.may.wait()
        self.events.extend(events)


async def test_all_who_follow_are_given_the_very_same_events(database, running, until):
    feed, readers = PostgresFeed(database), [Reader() for _ in range(5)]
    for reader in readers:
        running(feed.follow("reader", reader.checkpoint, reader))
    await database.run(append, 1, 10)
    await until(lambda: all(len(reader.events) == 1 for reader in readers))
    await database.run(append, 700, 10)
    await until(lambda: all(len(reader.events) == 701 for reader in readers))
    assert len({id(event) for reader in readers for event in reader.events[1:]}) == 700


async def test_whoever_falls_behind_what_is_held_reads_the_table(database, running, until):
    feed, quick, slow = PostgresFeed(database), Reader(), Reader(at_once=False)
    running(feed.follow("slow", slow.checkpoint, slow))
    running(feed.follow("quick", quick.checkpoint, quick))
    for _ in range(6):
        await database.run(append, 500, 5_000)
    await until(lambda: len(quick.events) == 3_000)
    slow.may.set()
    await until(lambda: len(slow.events) == 3_000)
    assert slow.events == quick.events == await database.run(store.read_after, 0, 5_000)


async def test_what_is_held_is_bounded(database):
    tail, position = Tail(database), 0
    with tail.followed():
        for count in range(500, 3_001, 500):
            await database.run(append, 500, 5_000)
            while position < count:
                position = (await tail.after(position, 500))[-1].position
        assert tail.held_bytes < 8_000_000


async def test_it_reads_again_for_whoever_comes_after_all_have_gone(database):
    tail = Tail(database)
    for _ in range(2):
        await database.run(append, 3, 10)
        with tail.followed():
            found = await tail.after(0, 100)
            waiting = asyncio.ensure_future(tail.after(found[-1].position, 100))
            await database.run(append, 1, 10)
            assert [event.position for event in await waiting] == [found[-1].position + 1]
