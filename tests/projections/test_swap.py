"""The swap of a rebuilt view: readers see no error, a killed rebuild is resumed or cleared up, nothing is lost."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psycopg
import pytest

from eventstore import store
from eventstore.database import Database
from eventstore.keys import Keys
from eventstore.postgres import PostgresFeed
from projections import incidents, reading, timeline
from projections.engine import Engine, decode
from projections.incidents import INCIDENTS
from projections.projection import Projection
from projections.registry import ALL
from projections.timeline import TIMELINE
from schemas.errors import ConflictError, StalePositionError
from services.projector import run_projector
from services.rebuild import CancelledRebuildError, rebuild, rebuild_in_child
from tests.projections.histories import Recorder, Story
from tests.projections.views import fold_all, whole

_NAMES = [projection.name for projection in ALL]


@pytest.fixture
def told(database, keys):
    """A history, folded into every view; and what they hold."""
    recorder, story = Recorder(database, keys), Story(11)
    for facts in story.steps(120):
        recorder.record(facts)
    fold_all(database, keys)
    return recorder, story


def _contents(database):
    return {projection.name: whole(database, projection) for projection in ALL}


def _schemas(database):
    with database.transaction() as connection:
        return dict(connection.execute("SELECT schema, state FROM projections ORDER BY schema").fetchall())


def _start_child(url, *names):
    child = subprocess.Popen(
        [sys.executable, "-m", "services.rebuild", *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdin.write(f"20000 {url}\n".encode())
    child.stdin.flush()
    return child


def _until_phase(child, phase):
    for line in child.stdout:
        if f'"{phase}"'.encode() in line:
            return
    raise AssertionError(f"the child never came to {phase}")


def _waits_for_a_lock(url):
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(3000):
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ).fetchone()
            if row[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


def test_killed_at_its_swap_a_rebuild_is_finished_by_the_next(database, keys, database_url, told):
    before = _contents(database)
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM projections WHERE schema = 'incidents' FOR UPDATE")
        child = _start_child(database_url, "incidents")
        _until_phase(child, "swap")
        _waits_for_a_lock(database_url)
        child.kill()
        child.wait()
        holding.rollback()
    assert _schemas(database)["incidents_next"] == "building"
    assert _contents(database) == before

    rebuild(database, ["incidents"])

    assert _schemas(database) == dict.fromkeys(sorted(_NAMES), "live")
    assert _contents(database) == before


def test_what_the_live_view_shows_by_the_swap_the_new_one_shows_too(database, keys, database_url, told):
    recorder, story = told
    with database.transaction() as folding:
        folding.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        folding.execute("SELECT FROM projections WHERE schema = 'incidents' FOR UPDATE")
        child = _start_child(database_url, "incidents")
        _until_phase(child, "swap")
        _waits_for_a_lock(database_url)
        last = recorder.record(story.step())
        engine = Engine(INCIDENTS, "incidents")
        old = engine.position(folding)
        decoded = decode(folding, keys, store.read_after(folding, old, 500), INCIDENTS.type_names)
        engine.fold(folding, decoded, old, last)
    assert child.wait(timeout=60) == 0
    with database.transaction() as connection:
        assert engine.position(connection) == last
    live = whole(database, INCIDENTS)
    rebuild(database, ["incidents"])
    assert whole(database, INCIDENTS) == live


def test_killed_before_it_dropped_the_old_view_the_next_one_does(database, keys, database_url, told):
    before = _contents(database)
    with psycopg.connect(database_url) as reading_on:
        reading_on.execute("SELECT count(*) FROM incidents.incidents")  # keeps the old view from being dropped
        child = _start_child(database_url, "incidents")
        _until_phase(child, "swap")
        _until_phase(child, "drop")
        assert child.poll() is None  # it tries again and again
        child.kill()
        child.wait()
    assert _schemas(database)["incidents_old"] == "retired"
    assert _contents(database) == before

    rebuild(database, ["incidents"])

    assert _schemas(database) == dict.fromkeys(sorted(_NAMES), "live")
    assert _contents(database) == before


def test_killed_while_loading_it_goes_on_from_its_checkpoint(database, keys, database_url, told):
    before = _contents(database)
    phases = []

    def stop_in_the_middle():
        return len([phase for phase in phases if phase[0] == "load"]) > 2

    with pytest.raises(CancelledRebuildError):
        rebuild(database, _NAMES, lambda *said: phases.append(said), stop_in_the_middle, page_events=50)
    assert set(_schemas(database)) == {*_NAMES, *(f"{name}_next" for name in _NAMES)}
    with database.transaction() as connection:
        kept = connection.execute("SELECT position FROM projections WHERE state = 'building'").fetchall()
    assert all(position > phases[-1][1] > 0 for (position,) in kept)
    phases.clear()

    rebuild(database, _NAMES, lambda *said: phases.append(said), page_events=50)

    assert next(done for phase, done, _ in phases if phase == "load") == min(kept)[0]
    assert _contents(database) == before


def test_two_processes_rebuild_what_one_does(database, keys, told):
    before = _contents(database)
    rebuild(database, _NAMES, page_events=50, processes=2)
    assert _schemas(database) == dict.fromkeys(sorted(_NAMES), "live")
    assert _contents(database) == before


def test_a_helping_process_tells_why_it_failed(database, keys, database_url, told):
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM projections WHERE schema = 'incidents' FOR UPDATE")
        child = _start_child(database_url, "incidents")
        _until_phase(child, "swap")
        with pytest.raises(ConflictError, match="incidents is being rebuilt by another process"):
            rebuild(database, ["timeline", "incidents"], processes=2)
        child.kill()
        child.wait()


def test_a_rebuilding_process_ends_with_its_parent(database, database_url, told):
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM projections WHERE schema = 'incidents' FOR UPDATE")
        child = _start_child(database_url, "incidents")
        _until_phase(child, "swap")
        child.stdin.close()
        assert child.wait(timeout=60) == 1


def test_an_interrupt_is_its_parents_to_answer(database, database_url, told):
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM projections WHERE schema = 'incidents' FOR UPDATE")
        child = _start_child(database_url, "incidents")
        _until_phase(child, "swap")
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert child.poll() is None
        holding.rollback()
    assert child.wait(timeout=60) == 0


def test_cancelled_while_a_reader_keeps_the_old_view_the_next_one_drops_it(database, keys, database_url, told):
    before = _contents(database)
    phases = []

    def at_the_drop():
        return phases[-2:] == ["swap", "drop"]

    with psycopg.connect(database_url) as reading_on:
        reading_on.execute("SELECT count(*) FROM incidents.incidents")
        with pytest.raises(CancelledRebuildError):
            rebuild(database, ["incidents"], lambda phase, *_: phases.append(phase), at_the_drop)
    assert _schemas(database)["incidents_old"] == "retired"
    rebuild(database, ["incidents"])
    assert _schemas(database) == dict.fromkeys(sorted(_NAMES), "live")
    assert _contents(database) == before


def test_two_rebuilds_of_one_view_are_refused(database, keys, database_url, told):
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM projections WHERE schema = 'incidents' FOR UPDATE")
        child = _start_child(database_url, "incidents")
        _until_phase(child, "swap")
        with pytest.raises(ConflictError):
            rebuild(database, ["incidents"])
        holding.rollback()
    assert child.wait(timeout=60) == 0


def test_readers_see_no_error_and_no_step_back_during_swaps(database, keys, database_url, told):
    errors, seen, stop = [], [], threading.Event()

    def read():
        own = Database(database_url, size=1)
        own.open()
        with own.transaction() as connection:
            expected = (incidents.get(connection, 1), timeline.of_incident(connection, 1))
        while not stop.is_set():
            try:
                with own.transaction() as connection:
                    seen.append((incidents.get(connection, 1), timeline.of_incident(connection, 1)) == expected)
                    incidents.find(connection, status="new", q="servidor")
            except psycopg.Error as error:
                errors.append(error)
        own.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        swaps = 0
        while swaps < 6 or len(seen) <= 20:
            rebuild(database, ["incidents", "timeline"])
            swaps += 1
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert errors == []
    assert all(seen)


def test_a_batch_with_nothing_to_fold_moves_the_checkpoint_only_from_where_it_was(database):
    newer = Engine(replace(INCIDENTS, version=INCIDENTS.version + 1), "incidents")
    engine = Engine(INCIDENTS, "incidents")
    with database.transaction() as connection:
        engine.fold(connection, [], 0, 5)
    for stale, old in ((engine, 0), (newer, 5)):
        with pytest.raises(StalePositionError), database.transaction() as connection:
            stale.fold(connection, [], old, 7)
    with database.transaction() as connection:
        assert engine.position(connection) == 5


async def test_live_views_follow_while_they_are_rebuilt(database, keys, database_url, told):
    recorder, story = told
    feed = PostgresFeed(database)
    projectors = [asyncio.create_task(run_projector(database, Keys(database), feed, each)) for each in ALL]
    stop = threading.Event()
    last = 0

    def write():
        nonlocal last
        while not stop.is_set():
            last = recorder.record(story.step())
            time.sleep(0.005)

    writing = asyncio.create_task(asyncio.to_thread(write))
    try:
        await rebuild_in_child(database_url, _NAMES)
        stop.set()
        await writing
        assert await reading.wait_for(database, last, _NAMES, seconds=60)
    finally:
        stop.set()
        for projector in projectors:
            projector.cancel()
        await asyncio.gather(*projectors, return_exceptions=True)
    live = _contents(database)
    rebuild(database, _NAMES)
    assert _contents(database) == live
    with database.transaction() as connection:
        assert reading.parked(connection) == []


async def test_newer_code_rebuilds_by_itself(database, keys, told):
    with database.transaction() as connection:
        connection.execute("UPDATE projections SET version = 0 WHERE schema = 'incidents'")
        connection.execute("TRUNCATE incidents.incidents")
        assert [state.name for state in reading.states(connection) if state.rebuild_needed] == ["incidents"]
    projector = asyncio.create_task(run_projector(database, keys, PostgresFeed(database), INCIDENTS))
    try:
        async with asyncio.timeout(60):
            while True:
                with database.transaction() as connection:
                    if not any(state.rebuild_needed for state in reading.states(connection)):
                        break
                await asyncio.sleep(0.05)
    finally:
        projector.cancel()
        await asyncio.gather(projector, return_exceptions=True)
    with database.transaction() as connection:
        assert incidents.get(connection, 1) is not None


async def test_waiting_for_a_position_ends_with_it_or_in_time(database, keys, told):
    recorder, story = told
    position = recorder.record(story.step())
    assert not await reading.wait_for(database, position, ["timeline"], seconds=0.05)
    waiting = asyncio.create_task(reading.wait_for(database, position, ["timeline", "incidents"], seconds=60))
    await asyncio.sleep(0.02)
    await asyncio.to_thread(fold_all, database, keys, 500, (TIMELINE, INCIDENTS))
    assert await waiting


def test_every_view_names_its_tables_once():
    names = [table.name for projection in ALL for table in projection.tables]
    assert len(names) == len(set(names))
    assert all(isinstance(projection, Projection) and projection.create_tables() for projection in ALL)
