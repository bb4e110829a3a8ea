"""A database that is stopped, hangs, is locked or read-only: senders hear of it in time, and nothing stays broken."""

import asyncio
import os
import shutil
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest

from eventstore import embedded, positions, store, turns
from eventstore.database import Database
from eventstore.log import NewRecord
from eventstore.migrate import migrate
from eventstore.postgres import PostgresLog
from schemas.errors import CauceError, InvalidError, LogUnavailableError
from schemas.topics import INTERACTIONS, MAIL
from tests.freezing import frozen
from tests.in_memory import new_folder


def record(**headers: str) -> NewRecord:
    return NewRecord(uuid4(), b"key", b"value", headers)


@pytest.fixture(scope="module")
def own_cluster():
    """A PostgreSQL that only this module stops and freezes."""
    data = new_folder(f"cauce-own-{os.getpid()}-")
    url = embedded.start(data, durable=False)
    database = Database(url)
    migrate(database)
    yield data, url
    embedded.start(data, durable=False)
    embedded.stop(data)
    shutil.rmtree(embedded.cluster_folder(data).parent, ignore_errors=True)


@pytest.fixture
async def own(own_cluster):
    data, url = own_cluster
    database = Database(url)
    database.open()
    log = PostgresLog(database)
    yield data, database, log
    await log.close()
    database.close()


def postmaster(data: Path) -> psutil.Process:
    """The process that leads the cluster of these data."""
    return psutil.Process(int((embedded.cluster_folder(data) / "postmaster.pid").read_text().split()[0]))


async def _refused_after(log, *, appends: int = 1) -> float:
    began = time.monotonic()
    ends = await asyncio.gather(*(log.append(MAIL, [record()]) for _ in range(appends)), return_exceptions=True)
    assert {type(end) for end in ends} == {LogUnavailableError}
    return time.monotonic() - began


async def test_a_stopped_database_refuses_in_time_and_takes_again_once_it_is_back(own):
    data, _, log = own
    await log.append(MAIL, [record()])
    embedded.stop(data)
    try:
        assert await _refused_after(log, appends=20) < 5
        assert await _refused_after(log) < 5
        with pytest.raises(LogUnavailableError):
            await log.check()
    finally:
        embedded.start(data, durable=False)
    await log.append(MAIL, [record()])
    await log.check()


async def test_a_hanging_database_refuses_in_time_however_many_come_and_whenever(own):
    data, _, log = own
    await log.append(MAIL, [record()])
    with frozen(postmaster(data)):

        async def later(seconds: float) -> float:
            await asyncio.sleep(seconds)
            return await _refused_after(log)

        assert max(await asyncio.gather(*(later(number * 0.7) for number in range(12)))) < 5
    await log.append(MAIL, [record()])


async def test_a_database_that_hangs_before_the_first_append_refuses_in_time(own):
    data, _, log = own
    with frozen(postmaster(data)):
        assert await _refused_after(log, appends=3) < 5
    await log.append(MAIL, [record()])


async def test_transactions_end_when_the_database_hangs_and_the_pool_recovers(own):
    data, database, _ = own
    assert await database.run(store.last_position) == 0
    with frozen(postmaster(data)):
        began = time.monotonic()
        ends = await asyncio.gather(*(database.run(store.last_position) for _ in range(30)), return_exceptions=True)
        assert all(isinstance(end, (LogUnavailableError, psycopg.OperationalError)) for end in ends)
        assert time.monotonic() - began < 12
    assert await database.run(store.last_position) == 0


async def test_a_restart_costs_at_most_the_calls_that_were_under_way(own):
    data, database, _ = own
    await asyncio.gather(*(database.run(store.last_position) for _ in range(8)))
    embedded.stop(data)
    embedded.start(data, durable=False)
    refused = 0
    for _ in range(20):
        try:
            await database.run(store.last_position)
        except (CauceError, psycopg.OperationalError):
            refused += 1
        await asyncio.sleep(0.1)
    assert refused <= 2


async def test_a_held_lock_refuses_in_time_and_another_topic_is_not_touched(database):
    log = PostgresLog(database)
    with psycopg.connect(database.url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(1129338179, 2)")
        assert await _refused_after(log, appends=5) < 5
        await log.append(INTERACTIONS, [record()])
    await log.append(MAIL, [record()])
    await log.close()


async def test_a_read_only_database_refuses_and_the_check_says_so(database):
    log = PostgresLog(database)
    name = psycopg.conninfo.conninfo_to_dict(database.url)["dbname"]
    with psycopg.connect(database.url, autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        assert await _refused_after(log) < 5
        with pytest.raises(LogUnavailableError, match="read-only"):
            await log.check()
        operator.execute("SET default_transaction_read_only = off")
        operator.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await log.close()


async def test_one_bad_record_is_refused_alone_and_its_neighbours_are_kept(database):
    log = PostgresLog(database)
    with psycopg.connect(database.url) as holder:  # so that all of them are one group
        holder.execute("SELECT pg_advisory_xact_lock(1129338179, 2)")
        first = asyncio.create_task(log.append(MAIL, [record()]))
        await asyncio.sleep(0.2)
        good = [record() for _ in range(5)]
        appends = [log.append(MAIL, [new]) for new in good]
        appends.insert(2, log.append(MAIL, [record(text="a\x00b")]))
        tasks = [asyncio.create_task(append) for append in appends]
        await asyncio.sleep(0.2)
    await first
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), type(None), InvalidError, type(None), type(None), type(None)]
    with psycopg.connect(database.url) as reader:
        kept = reader.execute('SELECT id FROM log_mail ORDER BY "offset" OFFSET 1').fetchall()
    assert [id_ for (id_,) in kept] == [new.id for new in good]
    await log.close()


async def test_an_append_of_many_is_kept_whole_or_not_at_all(database):
    log = PostgresLog(database)
    with pytest.raises(InvalidError):
        await log.append(MAIL, [*(record() for _ in range(700)), record(text="\x00")])
    assert await log.lag(MAIL, "anybody") == 0
    await log.append(MAIL, [record() for _ in range(700)])
    assert await log.lag(MAIL, "anybody") == 700
    await log.close()


async def test_a_consumer_outlives_a_restart_of_the_database(own, until):
    data, database, log = own
    got = []

    async def handle(batch):
        await database.run(positions.advance, batch)
        got.extend(record.id for record in batch.records)

    task = asyncio.create_task(log.consume(INTERACTIONS, "outliver", handle))
    first, second = record(), record()
    await log.append(INTERACTIONS, [first])
    embedded.stop(data)
    await asyncio.sleep(1)
    embedded.start(data, durable=False)
    await log.append(INTERACTIONS, [second])
    await until(lambda: len(got) >= 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert got == [first.id, second.id]


async def test_a_turn_passes_on_when_its_holder_no_longer_beats(database_url):
    holder = await turns._stand_by(database_url, "work")  # takes the turn, and never beats
    began = time.monotonic()
    async with turns.hold(database_url, "work") as turn:
        assert turn.held
        assert time.monotonic() - began > 5
    await holder.close()


async def test_a_holder_learns_that_its_turn_was_lost(database_url, until):
    async with turns.hold(database_url, "work") as turn:
        with psycopg.connect(database_url, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        await until(lambda: not turn.held)


class Wire:
    """A network between us and the database, in which the connections of the moment can be lost without a word."""

    def __init__(self, url: str) -> None:
        self._there = psycopg.conninfo.conninfo_to_dict(url)
        self._door = socket.create_server(("127.0.0.1", 0))
        self._lost: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        self.url = psycopg.conninfo.make_conninfo(url, host="127.0.0.1", port=self._door.getsockname()[1])
        threading.Thread(target=self._admit, daemon=True).start()

    def lose(self) -> None:
        self._lost |= self._open

    def _admit(self) -> None:
        while True:
            here, _ = self._door.accept()
            there = self._reach()
            self._open.add(here)
            for source, target in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(here, source, target), daemon=True).start()

    def _reach(self) -> socket.socket:
        host, port = str(self._there["host"]), int(self._there.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        reached = socket.socket(socket.AF_UNIX)
        reached.connect(f"{host}/.s.PGSQL.{port}")
        return reached

    def _carry(self, here: socket.socket, source: socket.socket, target: socket.socket) -> None:
        while piece := source.recv(65536):
            if here not in self._lost:
                target.sendall(piece)


async def test_a_lost_connection_refuses_in_time_and_the_next_append_takes_a_new_one(database_url):
    wire = Wire(database_url)
    database = Database(wire.url)
    database.open()
    log = PostgresLog(database)
    await log.append(MAIL, [record()])
    wire.lose()
    assert await _refused_or_kept(log) < 5
    await log.append(MAIL, [record()])
    for _ in range(2):  # the pool had one connection, lost as well
        with suppress(psycopg.OperationalError):
            await database.run(store.last_position)
    assert await database.run(store.last_position) == 0
    await log.close()
    database.close()


async def _refused_or_kept(log) -> float:
    began = time.monotonic()
    with suppress(LogUnavailableError):
        await log.append(MAIL, [record()])
    return time.monotonic() - began
