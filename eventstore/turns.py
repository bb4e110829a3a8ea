"""Turns: of several processes that want to do the same work, one does it and the others stand by.

A session lock in PostgreSQL. It passes on when its holder ends, dies, or stops answering for a few seconds; the
holder may not know yet, so what it writes is fenced by compare-and-set besides.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psycopg
import structlog

_POLL_SECONDS = 0.5
_BEAT_SECONDS = 1.0
_ANSWER_SECONDS = 5.0

log = structlog.get_logger()


class Turn:
    """`held`: still ours, as far as we know."""

    def __init__(self) -> None:
        self.held = True


@asynccontextmanager
async def hold(url: str, name: str) -> AsyncGenerator[Turn]:
    """Wait for the turn called `name`, for as long as it takes; hold it until the block ends."""
    connection = await _take(url, name)
    turn = Turn()
    beat = asyncio.create_task(_keep(connection, turn, name))
    try:
        yield turn
    finally:
        beat.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beat
        await connection.close()


async def _take(url: str, name: str) -> psycopg.AsyncConnection:
    while True:
        try:
            return await _stand_by(url, name)
        except psycopg.Error as error:
            log.warning("turn_unavailable", turn=name, error=str(error))
            await asyncio.sleep(_POLL_SECONDS)


async def _stand_by(url: str, name: str) -> psycopg.AsyncConnection:
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5)
    try:
        # a holder that hangs, or whose machine is gone, beats no more: the server ends its session
        await connection.execute("SET idle_session_timeout = '8s'")
        await connection.execute("SET tcp_user_timeout = '8s'")
        while True:
            found = await connection.execute("SELECT pg_try_advisory_lock(%s)", (_number(name),))
            if await found.fetchone() == (True,):
                log.info("turn_taken", turn=name)
                return connection
            await asyncio.sleep(_POLL_SECONDS)
    except BaseException:
        await connection.close()
        raise


async def _keep(connection: psycopg.AsyncConnection, turn: Turn, name: str) -> None:
    try:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            async with asyncio.timeout(_ANSWER_SECONDS):
                await connection.execute("SELECT 1")
    except (psycopg.Error, TimeoutError) as error:
        turn.held = False
        log.warning("turn_lost", turn=name, error=str(error))


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
