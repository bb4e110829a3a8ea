"""What every feed of events promises (eventstore/feed.py), run on each of them."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from eventstore import store
from eventstore.recorded import NewEvent
from schemas.errors import OperatorError, StalePositionError


def event(version: int = 1, *, data: bytes = b"data") -> NewEvent:
    return NewEvent(f"incident/{uuid4()}", version, "incident.opened.v1", data, uuid4(), uuid4())


def append(connection, events) -> list[int]:
    store.lock(connection)
    return store.append(connection, events)


class Fold:
    """A projection's edge: a checkpoint that moves with what was folded."""

    def __init__(self, *, fail=lambda _: None):
        self.position = 0
        self.events = []
        self.sizes = []
        self.calls = 0
        self.fail = fail

    async def checkpoint(self) -> int:
        return self.position

    async def __call__(self, events):
        self.calls += 1
        self.fail(self)
        self.sizes.append(len(events))
        self.events.extend(events)
        self.position = events[-1].position


async def test_every_event_arrives_whole_and_in_order(feed, database, running, until):
    await database.run(append, [event(data=bytes([number])) for number in range(20)])
    fold = Fold()
    running(feed.follow("fold", fold.checkpoint, fold))
    await until(lambda: len(fold.events) >= 20)
    await database.run(append, [event(data=bytes([number])) for number in range(20, 40)])
    await until(lambda: len(fold.events) >= 40)
    assert fold.events == await database.run(store.read_after, 0, 100)


async def test_a_feed_begins_after_the_checkpoint(feed, database, running, until):
    await database.run(append, [event() for _ in range(10)])
    fold = Fold()
    fold.position = 6
    running(feed.follow("fold", fold.checkpoint, fold))
    await until(lambda: len(fold.events) >= 4)
    assert [found.position for found in fold.events] == [7, 8, 9, 10]


async def test_no_batch_is_larger_than_asked(feed, database, running, until):
    await database.run(append, [event() for _ in range(100)])
    fold = Fold()
    running(feed.follow("fold", fold.checkpoint, fold, max_events=7))
    await until(lambda: len(fold.events) >= 100)
    assert (max(fold.sizes), [found.position for found in fold.events]) == (7, list(range(1, 101)))


async def test_a_failing_handler_gets_the_same_events_again(feed, database, running, until):
    def fail_at_first(fold):
        if fold.calls <= 3:
            raise RuntimeError("the handler fails")

    await database.run(append, [event() for _ in range(3)])
    fold = Fold(fail=fail_at_first)
    running(feed.follow("fold", fold.checkpoint, fold))
    await until(lambda: len(fold.events) >= 3)
    assert ([found.position for found in fold.events], fold.calls) == ([1, 2, 3], 4)


async def test_a_checkpoint_that_somebody_moved_is_obeyed(feed, database, running, until):
    def moved(fold):
        if fold.calls == 1:
            fold.position = 8
            raise StalePositionError("somebody else was here")

    await database.run(append, [event() for _ in range(10)])
    fold = Fold(fail=moved)
    running(feed.follow("fold", fold.checkpoint, fold))
    await until(lambda: len(fold.events) >= 2)
    assert [found.position for found in fold.events] == [9, 10]


async def test_followers_do_not_disturb_each_other(feed, database, running, until):
    def always(_):
        raise RuntimeError("this one always fails")

    folds = [Fold(), Fold(fail=always), Fold()]
    for number, fold in enumerate(folds):
        running(feed.follow(f"fold-{number}", fold.checkpoint, fold))
    await database.run(append, [event() for _ in range(10)])
    await until(lambda: len(folds[0].events) >= 10 and len(folds[2].events) >= 10)
    assert [[found.position for found in fold.events] for fold in folds] == [list(range(1, 11)), [], list(range(1, 11))]


async def test_what_needs_a_person_stops_the_follower(feed, database):
    def stop(_):
        raise OperatorError("a person must look")

    await database.run(append, [event()])
    fold = Fold(fail=stop)
    end = await asyncio.gather(asyncio.wait_for(feed.follow("fold", fold.checkpoint, fold), 60), return_exceptions=True)
    assert [repr(error) for error in end] == ["OperatorError('a person must look')"]


async def test_positions_lost_to_refused_appends_are_no_holes(feed, database, running, until):
    taken = event()
    await database.run(append, [taken])
    fold = Fold()
    running(feed.follow("fold", fold.checkpoint, fold))
    for _ in range(3):  # a refused append uses up positions that no event will ever have
        await asyncio.gather(database.run(append, [event(), taken]), return_exceptions=True)
        await database.run(append, [event()])
    await until(lambda: len(fold.events) >= 4)
    assert fold.events == await database.run(store.read_after, 0, 100)
    assert fold.position > 4


async def test_eight_writers_and_one_follower_miss_nothing(feed, database, running, until):
    def write(seed: int) -> None:
        choice = random.Random(seed)  # noqa: S311 -- sizes of groups
        left = 2_500
        while left:
            count = min(left, choice.randint(1, 100))
            with database.transaction() as connection:
                store.append(connection, [event() for _ in range(count)])
            left -= count

    fold = Fold()
    running(feed.follow("fold", fold.checkpoint, fold))
    with ThreadPoolExecutor(8) as pool:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, write, seed) for seed in range(8)))
    await until(lambda: len(fold.events) >= 20_000)
    stored = await database.run(store.read_after, 0, 30_000)
    assert [found.position for found in fold.events] == [found.position for found in stored]
