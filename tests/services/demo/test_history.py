"""The demo's history in a real store: at its own times, once, and gone on with after an interruption."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from eventstore import store
from eventstore.blobs import open_blobs
from schemas.facts.kind import REGISTRY
from services import settings
from services.demo import history
from services.demo.history import Size, fill
from services.demo.tending import tend
from services.wiring import build_hub

SIZE = Size(days=30, incidents=80, seed=3)


@pytest.fixture
def hub(database, tmp_path):
    return build_hub(settings.read({"CAUCE_DATA": str(tmp_path)}), database, open_blobs("", tmp_path))


def everything(database):
    with database.transaction() as connection:
        return connection.execute("SELECT stream, version, type, recorded_at FROM events ORDER BY position").fetchall()


async def test_every_fact_is_recorded_when_it_happened(hub, database):
    told = await fill(hub, SIZE)
    recorded = [row[3] for row in everything(database)]
    assert told.interactions > 150
    assert min(recorded) > datetime.now(UTC) - timedelta(days=31)
    assert max(recorded) < datetime.now(UTC)
    assert max(recorded) - min(recorded) > timedelta(days=25)


async def test_entering_it_again_changes_nothing(hub, database):
    await fill(hub, SIZE)
    before = everything(database)
    again = await fill(hub, SIZE)
    assert (again.interactions, everything(database)) == (0, before)


async def test_an_interrupted_history_goes_on_where_it_stopped(hub, database, monkeypatch):
    monkeypatch.setattr(history, "_BATCH_STEPS", 60)

    def stop_at_the_fourth(_phase, _done, _total, calls=[]):  # noqa: B006 -- it counts
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await fill(hub, SIZE, stop_at_the_fourth)
    half = len(everything(database))
    await fill(hub, SIZE)
    whole = everything(database)
    with database.transaction() as connection:
        connection.execute(
            "TRUNCATE events, inbox, positions, threads, links, incident_state, address_owner, customer_state,"
            " joinable, call_state, callback_state, waiting, waiting_mail RESTART IDENTITY"
        )
        connection.execute("UPDATE counters SET value = 0")
    await fill(hub, SIZE)
    assert 0 < half < len(whole)
    assert [row[:3] for row in everything(database)] == [row[:3] for row in whole]


async def test_a_database_that_has_no_time_is_waited_for(hub, database):
    held = threading.Event()

    def keep_the_lock():
        with database.dedicated() as connection, connection.transaction():
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            store.lock(connection)
            held.set()
            time.sleep(3)  # longer than anybody waits for the lock

    keeping = threading.Thread(target=keep_the_lock)
    keeping.start()
    held.wait()
    told = await fill(hub, SIZE)
    keeping.join()
    assert told.interactions > 150
    assert len({row[:2] for row in everything(database)}) == len(everything(database))


async def test_nobody_is_written_to(hub, database):
    await fill(hub, SIZE)
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (0,)


async def test_its_telephone_work_is_whole(hub, database):
    await fill(hub, SIZE)
    with database.transaction() as connection:
        kinds = dict(connection.execute("SELECT type, count(*) FROM events GROUP BY type").fetchall())
    assert kinds["callback.requested.v1"] == 5
    assert (kinds["callback.taken.v1"], kinds["callback.done.v1"]) == (2, 1)
    assert kinds["incident.work_started.v1"] == kinds["incident.work_stopped.v1"] > 5
    assert 0 < kinds["visit.contact_sent.v1"] < kinds["visit.contact_started.v1"]
    assert kinds["call.held.v1"] == kinds["call.resumed.v1"] > 0


async def test_the_knowledge_base_is_tended_with_every_kind_of_fact(hub, database):
    await fill(hub, SIZE)
    until = datetime.now(UTC)
    await tend(hub, SIZE.seed, until, [])
    occurred = {row[2].rpartition(".")[0] for row in everything(database)}
    known = {name.rpartition(".")[0] for name in REGISTRY}
    about = {name for name in known if name.startswith(("article.", "gap.", "synonyms.", "visit."))}
    assert about - occurred == {
        *("article.draft_dropped", "article.review_declined", "article.reinstated", "article.file_removed"),
        *("article.unpinned", "article.doubt_settled", "gap.dismissed", "gap.reopened", "synonyms.removed"),
        *("visit.about", "visit.shown"),
    }
    assert max(row[3] for row in everything(database)) < until
