"""How far the relay has come, and who may say so: the checkpoint moves only on the connection that holds the lead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import structlog

from eventstore.database import Connection

log = structlog.get_logger()

_LOCK_CLASS = 1129338179
_RELAY_LOCK = 10
_POLL_SECONDS = 0.5
_SILENCE = "6s"


class LeadLostError(Exception):
    """Somebody else leads, or nobody: stand by again."""


class Lead:
    """The lead, on its connection."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection

    async def position(self) -> int:
        """Position of the last event that Kafka has for certain. Raises LeadLostError."""
        try:
            found = await self._connection.execute(
                "SELECT next - 1 FROM positions WHERE consumer = 'relay' AND topic = 'events' AND partition = 0"
            )
            row = await found.fetchone()
        except psycopg.Error as error:
            raise LeadLostError(str(error)) from error
        return int(row[0]) if row is not None else 0

    async def move(self, position: int, epoch: UUID) -> bool:
        """Kafka has everything up to here. False when the store is of another epoch now. Raises LeadLostError."""
        try:
            moved = await self._connection.execute(
                "INSERT INTO positions (consumer, topic, partition, next)"
                " SELECT 'relay', 'events', 0, %s FROM hub WHERE epoch = %s"
                " ON CONFLICT (consumer, topic, partition) DO UPDATE SET next = EXCLUDED.next, moved_at = now()",
                (position + 1, epoch),
            )
        except psycopg.Error as error:
            raise LeadLostError(str(error)) from error
        return moved.rowcount == 1


@asynccontextmanager
async def lead(url: str) -> AsyncGenerator[Lead]:
    """Stand by until nobody else leads; lead until the block ends. Raises psycopg.Error.

    A leader that is stopped (SIGSTOP) or cut off says nothing, and then the server ends its session: the lock is free,
    and should the old leader wake, the connection it would move the checkpoint on is gone.
    """
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5)
    try:
        await connection.execute("SELECT set_config('idle_session_timeout', %s, false)", (_SILENCE,))
        await connection.execute("SELECT set_config('tcp_user_timeout', %s, false)", (_SILENCE,))
        await connection.execute("SET statement_timeout = '5s'")
        await connection.execute("SET search_path = public")
        while not await _taken(connection):  # noqa: ASYNC110 -- a lock in the database rings no bell
            await asyncio.sleep(_POLL_SECONDS)
        log.info("relay_leads")
        yield Lead(connection)
    finally:
        await connection.close()


async def _taken(connection: psycopg.AsyncConnection) -> bool:
    found = await connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK_CLASS, _RELAY_LOCK))
    return await found.fetchone() == (True,)


def relay_position(connection: Connection) -> int:
    """Position of the last event that the relay knows Kafka to have; 0 before the first."""
    row = connection.execute(
        "SELECT next - 1 FROM positions WHERE consumer = 'relay' AND topic = 'events' AND partition = 0"
    ).fetchone()
    return int(row[0]) if row is not None else 0
