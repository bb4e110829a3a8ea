"""Connections to PostgreSQL: one pool, synchronous, used from worker threads. Below everything that reads or writes.

Sync on purpose (docs/decisions/0002): `eventsourcing`'s recorders are sync, a transaction reads top to bottom,
and an async edge hands a whole transaction to a thread with `await database.run(work)`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import msgspec
import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from eventstore import sight
from eventstore.notifier import Notifier
from eventstore.sight import Sight
from schemas.errors import LogUnavailableError

T = TypeVar("T")
P = ParamSpec("P")

READ_PATH = (
    "timeline, incidents, customers, calls, chats, articles, article_search, casework, channel_report, knowledge_usage,"
    " callbacks, work, access_log, organizations, mutes, public"
)
"""Schemas of the live read models, then our own tables. A rebuilt view takes its name here by ALTER SCHEMA … RENAME."""

NARROWED = tuple(
    f"narrowed_{name}"
    for name in (
        *("timeline", "incidents", "calls", "chats", "articles", "casework", "callbacks"),
        "quarantine",  # migration 0030
    )
)
"""Schemas of what stands in for the tables that tell of single incidents, where some are hidden from who asks."""

_ANSWER_SECONDS = 6.0  # the server itself ends a statement after 5 s: later than this nobody is there
_START_SECONDS = 4.5
_ALIVE = {
    "connect_timeout": 4,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

set_json_loads(msgspec.json.decode)  # each record of a log has some; the standard library's takes far longer


class Connection(psycopg.Connection[TupleRow]):
    """Remembers which logs its transaction appended to, so that their readers are woken after the commit.

    `made_keys`: addresses whose keys this transaction made, and would unmake by rolling back.
    `answer_seconds`: a database silent for longer is taken for dead (stopped, or its machine gone) and the connection
    is closed; None waits for ever.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.appended_to: set[str] = set()
        self.made_keys: set[UUID] = set()
        self.answer_seconds: float | None = None

    def allow(self, seconds: float) -> None:
        """Let each statement of this transaction take so long, where the usual 5 s won't do (building an index)."""
        self.execute("SELECT set_config('statement_timeout', %s, true)", (str(round(seconds * 1000)),))
        self.answer_seconds = seconds + 1

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """As psycopg's, with an end to it."""
        if timeout is not None or self.answer_seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_seconds)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # -- its name for it
            self.pgconn.finish()
            msg = f"the database has not answered for {self.answer_seconds:g} s"
            raise psycopg.OperationalError(msg) from error


class Database:
    """A pool of connections and the threads that use them. `size`: how many at once."""

    def __init__(self, url: str, *, size: int = 8, open_seconds: float = 4.0) -> None:
        self.url = url
        self._conninfo = make_conninfo(url, **_ALIVE)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            self._conninfo,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            timeout=open_seconds,
            open=False,
            configure=_configure,
            kwargs={"prepare_threshold": 3},
        )
        self._checking = threading.Lock()
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
        Raises psycopg.OperationalError when the database goes away, or stops answering, in the middle.
        """
        try:
            connection = self._pool.getconn()
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise LogUnavailableError(str(error)) from error
        connection.appended_to, connection.made_keys = set(), set()
        connection.answer_seconds = _ANSWER_SECONDS
        try:
            with connection.transaction():
                if sight.current().hidden:
                    narrow(connection, sight.current())
                yield connection
            self._notifier.wake(connection.appended_to)
        finally:
            if connection.closed:
                self._drop_dead_connections()
            self._pool.putconn(connection)

    def wake(self, logs: Iterable[str]) -> None:
        """Tell the readers of these logs that something was committed. Never blocks; `transaction` does it itself."""
        self._notifier.wake(logs)

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(connection, …)` in one transaction, in a worker thread.

        Raises LogUnavailableError as `transaction` does, and when it can't begin in time.
        """

        def in_thread() -> T:
            with self.transaction() as connection:
                return work(connection, *args, **kwargs)

        running = self._threads.submit(copy_context().run, in_thread)
        ended = asyncio.wrap_future(running)
        await asyncio.wait({ended}, timeout=_START_SECONDS)
        if not ended.done() and running.cancel():  # still in the queue: nothing was done
            msg = "the database is too busy"
            raise LogUnavailableError(msg)
        return await ended

    def dedicated(self) -> Connection:
        """A connection of one's own, in autocommit, for LISTEN and for holding a leader lock."""
        connection = Connection.connect(self._conninfo, autocommit=True)
        _configure(connection)
        return connection

    def _drop_dead_connections(self) -> None:
        """After a restart of the database every idle connection is dead: find out now, not one caller at a time."""

        def check() -> None:
            with self._checking:
                self._pool.check()

        if not self._checking.locked():
            threading.Thread(target=check, name="pool-check", daemon=True).start()


def narrow(connection: Connection, seen: Sight) -> None:
    """Read through what leaves out the hidden, for the rest of the transaction. Nobody reads past what isn't there."""
    row = connection.execute(
        "SELECT set_config('search_path', %s, true), set_config('cauce.hidden', %s, true),"
        " set_config('cauce.person', %s, true), (SELECT count(*) FROM pg_namespace WHERE nspname = ANY(%s))",
        (
            ", ".join([*NARROWED, READ_PATH]),
            f"{{{','.join(seen.hidden)}}}",
            seen.person,
            list(NARROWED),
        ),
    ).fetchone()
    if row is None or row[-1] < len(NARROWED):
        raise LogUnavailableError("the read models are being made")


def _configure(connection: Connection) -> None:
    # nothing slow may happen under an append lock, whoever holds it
    was, connection.autocommit = connection.autocommit, True
    connection.execute("SET lock_timeout = '2s'")
    connection.execute("SET statement_timeout = '5s'")
    connection.execute("SET idle_in_transaction_session_timeout = '5s'")
    connection.execute("SET timezone = 'UTC'")
    connection.execute("SELECT set_config('search_path', %s, false)", (READ_PATH,))
    connection.autocommit = was
