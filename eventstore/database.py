"""Connections to PostgreSQL: one pool, synchronous, used from worker threads. Below everything that reads or writes.

Sync on purpose (docs/decisions/0002): `eventsourcing`'s recorders are sync, a transaction reads top to bottom,
and an async edge hands a whole transaction to a thread with `await database.run(work)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from eventstore.notifier import Notifier
from schemas.errors import LogUnavailableError

T = TypeVar("T")
P = ParamSpec("P")

READ_PATH = "timeline, incidents, customers, calls, articles, channel_report, knowledge_usage, public"
"""Schemas of the live read models, then our own tables. A rebuilt view takes its name here by ALTER SCHEMA … RENAME."""


class Connection(psycopg.Connection[TupleRow]):
    """Remembers which logs its transaction appended to, so that their readers are woken after the commit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.appended_to: set[str] = set()


class Database:
    """A pool of connections and the threads that use them. `size`: how many at once."""

    def __init__(self, url: str, *, size: int = 8, open_seconds: float = 4.0) -> None:
        self.url = url
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            timeout=open_seconds,
            open=False,
            configure=_configure,
            kwargs={"prepare_threshold": 3},
        )
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix="database")
        self._notifier = Notifier(url)

    def open(self) -> None:
        """Connect, or raise psycopg_pool.PoolTimeout."""
        self._pool.open(wait=True)
        self._notifier.start()

    def close(self) -> None:
        """Let all connections go."""
        self._threads.shutdown(wait=True)
        self._notifier.stop()
        self._pool.close()

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """One transaction: committed at the end, rolled back on any error.

        Raises LogUnavailableError when no connection is to be had: nothing was done, the caller may try again.
        """
        try:
            connection = self._pool.getconn()
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise LogUnavailableError(str(error)) from error
        connection.appended_to = set()
        try:
            with connection.transaction():
                yield connection
            self._notifier.wake(connection.appended_to)
        finally:
            self._pool.putconn(connection)

    def wake(self, logs: Iterable[str]) -> None:
        """Tell the readers of these logs that something was committed. Never blocks; `transaction` does it itself."""
        self._notifier.wake(logs)

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(connection, …)` in one transaction, in a worker thread."""

        def in_thread() -> T:
            with self.transaction() as connection:
                return work(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)

    def dedicated(self) -> Connection:
        """A connection of one's own, in autocommit, for LISTEN and for holding a leader lock."""
        connection = Connection.connect(self.url, autocommit=True, connect_timeout=5)
        _configure(connection)
        return connection


def _configure(connection: Connection) -> None:
    # nothing slow may happen under an append lock, whoever holds it
    was, connection.autocommit = connection.autocommit, True
    connection.execute("SET lock_timeout = '2s'")
    connection.execute("SET statement_timeout = '5s'")
    connection.execute("SET idle_in_transaction_session_timeout = '5s'")
    connection.execute("SET timezone = 'UTC'")
    connection.execute("SELECT set_config('search_path', %s, false)", (READ_PATH,))
    connection.autocommit = was
