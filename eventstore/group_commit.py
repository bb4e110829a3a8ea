"""Group commit: many small appends to one log become few transactions. Between PostgresLog.append and the table.

A thread with a connection of its own: while one group commits, the next gathers. Nothing else of the hub can
make it wait, and no state of the database makes a caller wait longer than APPEND_SECONDS.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import structlog

from eventstore.database import Connection, Database
from eventstore.log import APPEND_SECONDS, NewRecord
from eventstore.log_tables import LogTable
from schemas.errors import CauceError, InvalidError, LogUnavailableError

_GROUP_RECORDS = 500
_GROUP_BYTES = 16 * 1024 * 1024
_WAIT_SECONDS = APPEND_SECONDS - 0.5  # the rest is for telling the sender
_ANSWER_SECONDS = 3.0  # longer than lock_timeout: a database that answers has answered by then
_CONNECT_SECONDS = 2

log = structlog.get_logger()


@dataclass(slots=True)
class _Append:
    """One caller's records, kept or refused together; none: only asks whether the log can be written."""

    records: Sequence[NewRecord]
    done: asyncio.Future[None]

    @property
    def bytes(self) -> int:
        return sum(len(record.value) for record in self.records)


class GroupCommit:
    """The writer of one log table."""

    def __init__(self, database: Database, table: LogTable) -> None:
        self._database = database
        self._table = table
        self._queue: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._connection: Connection | None = None

    async def append(self, records: Sequence[NewRecord]) -> None:
        """Return once they are committed. Raises LogUnavailableError in time, InvalidError for a record of no use."""
        self._start()
        append = _Append(records, asyncio.get_running_loop().create_future())
        self._queue.put(append)
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await append.done
        except TimeoutError as error:
            raise LogUnavailableError("the database does not answer") from error

    def close(self) -> None:
        """Commit what is queued and end."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout=APPEND_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"log-{self._table.topic.name}", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        held: _Append | None = None
        while True:
            first = held or self._queue.get()
            if first is None:
                self._disconnect()
                return
            group, held = self._gather(first)
            waiting = [append for append in group if not append.done.cancelled()]
            if waiting:
                self._settle(waiting)

    def _gather(self, first: _Append) -> tuple[list[_Append], _Append | None]:
        """What is queued by now, up to a group's bounds, and the first that no longer fits."""
        group, records, size = [first], len(first.records), first.bytes
        while True:
            try:
                append = self._queue.get_nowait()
            except queue.Empty:
                return group, None
            if append is None:
                self._queue.put(None)  # the end: after this group
                return group, None
            records, size = records + len(append.records), size + append.bytes
            if records > _GROUP_RECORDS or size > _GROUP_BYTES:
                return group, append
            group.append(append)

    def _settle(self, group: Sequence[_Append]) -> None:
        """Commit the group and answer each caller; a record's own fault is told to its caller alone."""
        try:
            self._commit([record for append in group for record in append.records])
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(group) > 1:
                for append in group:
                    self._settle([append])
            else:
                _tell(group, InvalidError, error)
        except CauceError as error:
            _tell(group, type(error), error)
        except psycopg.Error as error:
            log.warning("log_append_failed", topic=self._table.topic.name, error=str(error), appends=len(group))
            _tell(group, LogUnavailableError, error)
        except Exception as error:
            # the thread's edge: it must live on, and every caller must hear
            log.exception("log_append_failed", topic=self._table.topic.name)
            _tell(group, LogUnavailableError, error)
        else:
            _tell(group)

    def _commit(self, records: Sequence[NewRecord]) -> None:
        try:
            self._write(records)
        except psycopg.OperationalError:
            if self._connected():
                raise  # the database answered: locked, read-only, full
            # the connection had died, perhaps long ago. Should the group be there after all, it comes twice:
            # ids make that harmless, a loss would not be
            self._write(records)

    def _write(self, records: Sequence[NewRecord]) -> None:
        connection = self._connect()
        if records:
            self._table.append(connection, records)
            self._database.wake({self._table.topic.name})
        else:
            self._table.prove_writable(connection)

    def _connected(self) -> bool:
        if self._connection is not None and self._connection.closed:
            self._disconnect()
        return self._connection is not None

    def _connect(self) -> Connection:
        if self._connected() and self._connection is not None:
            return self._connection
        connection = Connection.connect(self._database.url, autocommit=True, connect_timeout=_CONNECT_SECONDS)
        connection.answer_seconds = _ANSWER_SECONDS
        self._connection = connection
        connection.execute(
            "SELECT set_config('lock_timeout', '2s', false), set_config('statement_timeout', '2500ms', false)"
        )
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()


def _tell(group: Sequence[_Append], kind: type[CauceError] | None = None, cause: Exception | None = None) -> None:
    """Answer each caller: kept, or refused with an error of this kind. A group wakes its event loop once."""
    loops: defaultdict[asyncio.AbstractEventLoop, list[_Append]] = defaultdict(list)
    for append in group:
        loops[append.done.get_loop()].append(append)
    for loop, appends in loops.items():
        with contextlib.suppress(RuntimeError):  # closed meanwhile: nobody listens
            loop.call_soon_threadsafe(_answer, appends, kind, cause)


def _answer(group: Sequence[_Append], kind: type[CauceError] | None, cause: Exception | None) -> None:
    for append in group:
        if append.done.done():  # it has given up
            continue
        if kind is None:
            append.done.set_result(None)
            continue
        error = kind(f"not in the log: {cause}")  # one each: a traceback grows as it is raised
        error.__cause__ = cause
        append.done.set_exception(error)
