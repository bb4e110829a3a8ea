"""Connections to PostgreSQL: one pool, synchronous, used from worker threads. Below everything that reads or writes.

Sync on purpose (docs/decisions/0002): `eventsourcing`'s recorders are sync, a transaction reads top to bottom,
and an async edge hands a whole transaction to a thread with `await database.run(work)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from schemas.errors import LogUnavailableError

T = TypeVar("T")
P = ParamSpec("P")
Connection: TypeAlias = psycopg.Connection[TupleRow]

READ_PATH = "timeline, incidents, customers, calls, articles, channel_report, knowledge_usage, public"
"""Schemas of the live read models, then our own tables. A rebuilt view takes its name here by ALTER SCHEMA … RENAME."""


class Database:
    """A pool of connections and the threads that use them. `size`: how many at once."""

    def __init__(self, url: str, *, size: int = 8, open_seconds: float = 10.0) -> None:
        self.url = url
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            timeout=open_seconds,
            open=False,
            configure=_configure,
            kwargs={"autocommit": False, "prepare_threshold": 3},
        )
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix="database")

    def open(self) -> None:
        """Connect, or raise psycopg_pool.PoolTimeout."""
        self._pool.open(wait=True)

    def close(self) -> None:
        """Let all connections go."""
        self._threads.shutdown(wait=True)
        self._pool.close()

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """One transaction: committed at the end, rolled back on any error.

        Raises LogUnavailableError when no connection is to be had: nothing was done, the caller may try again.
        """
        try:
            pooled = self._pool.getconn()
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise LogUnavailableError(str(error)) from error
        try:
            with pooled:  # commits or rolls back; the pool mends or replaces a broken one
                yield pooled
        finally:
            self._pool.putconn(pooled)

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(connection, …)` in one transaction, in a worker thread."""

        def in_thread() -> T:
            with self.transaction() as connection:
                return work(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)

    def dedicated(self) -> Connection:
        """A connection of one's own, in autocommit, for LISTEN and for holding a leader lock."""
        connection = psycopg.connect(self.url, autocommit=True, connect_timeout=5)
        _configure(connection)
        return connection


def _configure(connection: Connection) -> None:
    # nothing slow may happen under an append lock, whoever holds it
    previous, connection.autocommit = connection.autocommit, True
    connection.execute("SET lock_timeout = '2s'")
    connection.execute("SET statement_timeout = '5s'")
    connection.execute("SET idle_in_transaction_session_timeout = '5s'")
    connection.execute("SET timezone = 'UTC'")
    connection.execute("SELECT set_config('search_path', %s, false)", (READ_PATH,))
    connection.autocommit = previous
