"""What the Kafka fault tests share: a handler that counts what it was given, in the transaction that moves on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest

from eventstore import positions
from eventstore.database import Connection, Database
from eventstore.kafka_log import KafkaLog
from eventstore.local_kafka import LocalKafka
from eventstore.log import Batch, NewRecord


@pytest.fixture
async def kafka_log(kafka: LocalKafka, kafka_prefix: str, database: Database) -> AsyncIterator[Callable[..., KafkaLog]]:
    """Call it for a log; call it again for another process's view of the same."""
    opened: list[KafkaLog] = []

    def open_log(**options: float) -> KafkaLog:
        opened.append(KafkaLog(kafka.bootstrap, kafka_prefix, database, **options))
        return opened[-1]

    yield open_log
    for log in opened:
        await log.close()


class Handled:
    """Keeps each handled id in a table, doubled ones twice, in the transaction of the position."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as connection:
            connection.execute("CREATE TABLE handled (place bigserial, id uuid NOT NULL, value bytea NOT NULL)")

    async def __call__(self, batch: Batch) -> None:
        await self._database.run(self._handle, batch)

    @staticmethod
    def _handle(connection: Connection, batch: Batch) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO handled (id, value) VALUES (%s, %s)",
                [(record.id, record.value) for record in batch.records],
            )
        positions.advance(connection, batch)

    @property
    def ids(self) -> list[UUID]:
        with self._database.transaction() as connection:
            return [id_ for (id_,) in connection.execute("SELECT id FROM handled ORDER BY place")]

    @property
    def values(self) -> list[bytes]:
        with self._database.transaction() as connection:
            return [value for (value,) in connection.execute("SELECT value FROM handled ORDER BY place")]


@pytest.fixture
def handled(database: Database) -> Handled:
    """A handler; two consumers may share it."""
    return Handled(database)


@pytest.fixture
def some_records() -> Callable[[int], list[NewRecord]]:
    """Records of several keys, so that every partition has some."""

    def make(count: int) -> list[NewRecord]:
        return [NewRecord(uuid4(), b"key-%d" % (number % 24), b"%d" % number) for number in range(count)]

    return make
