"""Positions by compare-and-set: of two that handled the same batch, one commits."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from eventstore import positions
from eventstore.log import Batch, LogRecord, NewRecord
from eventstore.positions import Position
from eventstore.postgres import PostgresLog
from schemas.errors import StalePositionError
from schemas.topics import MAIL


def batch(position: int, next_position: int, last_id: UUID | None = None, partition: int = 0) -> Batch:
    records = [LogRecord(last_id, partition, next_position - 1, b"", {})] if last_id else []
    return Batch("mail", partition, "reader", position, next_position, records)


def test_a_position_begins_moves_on_and_names_its_last_record(database):
    first, second = uuid4(), uuid4()
    with database.transaction() as connection:
        assert positions.stored(connection, "reader", "mail") == {}
        positions.advance(connection, batch(0, 5, first))
        assert positions.stored(connection, "reader", "mail") == {0: Position(5, first)}
        positions.advance(connection, batch(5, 9, second))
        positions.advance(connection, batch(0, 3, first, partition=2))
        assert positions.stored(connection, "reader", "mail") == {0: Position(9, second), 2: Position(3, first)}
        assert positions.read(connection, "reader", "mail") == {0: 9, 2: 3}
        assert positions.read(connection, "other", "mail") == positions.read(connection, "reader", "interactions") == {}


@pytest.mark.parametrize("position", [0, 4, 6])
def test_another_position_than_the_stored_one_is_stale(database, position):
    with database.transaction() as connection:
        positions.advance(connection, batch(0, 5, uuid4()))
    with pytest.raises(StalePositionError, match="reader"), database.transaction() as connection:
        positions.advance(connection, batch(position, 10, uuid4()))
    with database.transaction() as connection:
        assert positions.read(connection, "reader", "mail") == {0: 5}


@pytest.mark.parametrize("start", [0, 5])
def test_of_many_that_move_it_at_once_one_does(database, start):
    if start:
        with database.transaction() as connection:
            positions.advance(connection, batch(0, start, uuid4()))

    def move(_) -> str:
        try:
            with database.transaction() as connection:
                positions.advance(connection, batch(start, start + 7, uuid4()))
        except StalePositionError:
            return "stale"
        return "moved"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(move, range(6))) == ["moved", *["stale"] * 5]


async def test_trimming_takes_what_is_old_and_behind_every_consumer(database):
    log = PostgresLog(database)
    await log.append(MAIL, [NewRecord(uuid4(), b"", b"") for _ in range(10)])
    await log.close()

    def kept() -> list[int]:
        with database.transaction() as connection:
            rows = connection.execute('SELECT "offset" FROM log_mail ORDER BY 1').fetchall()
        return [offset for (offset,) in rows]

    def stand(consumer: str, position: int) -> None:
        with database.transaction() as connection:
            connection.execute(
                "INSERT INTO positions (consumer, topic, partition, next) VALUES (%s, 'mail', 0, %s)",
                (consumer, position),
            )

    with database.transaction() as connection:
        connection.execute("UPDATE log_mail SET recorded_at = now() - interval '15 days' WHERE \"offset\" <= 8")
    assert await log.trim(MAIL) == 0  # nobody has read anything yet
    stand("fast", 11)
    stand("slow", 5)
    assert (await log.trim(MAIL), kept()) == (3, [4, 5, 6, 7, 8, 9, 10])  # 4 shows `slow` that this is its log
    with database.transaction() as connection:
        connection.execute("DELETE FROM positions WHERE consumer = 'slow'")
    assert (await log.trim(MAIL), kept()) == (5, [9, 10])  # those are young


async def test_an_idle_consumer_trims_and_still_knows_its_place(database, until):
    log = PostgresLog(database)
    got = []

    async def handle(handled: Batch) -> None:
        await database.run(positions.advance, handled)
        got.extend(handled.records)

    await log.append(MAIL, [NewRecord(uuid4(), b"", b"mail") for _ in range(5)])
    with database.transaction() as connection:
        connection.execute("UPDATE log_mail SET recorded_at = now() - interval '15 days'")

    def left() -> int:
        with database.transaction() as connection:
            return connection.execute("SELECT count(*) FROM log_mail").fetchone()[0]

    for expected in (5, 6):
        task = asyncio.create_task(log.consume(MAIL, "reader", handle))
        await until(lambda expected=expected: len(got) == expected)
        await until(lambda: left() == 1)  # the last one it read
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await log.append(MAIL, [NewRecord(uuid4(), b"", b"mail")])
    await log.close()
