"""The rebuild of some read models in this process, from one reading and decoding of the history.

load ──▶ index ──▶ catch up ──▶ swap ──▶ drop the old
pages    one       pages        both checkpoints locked
         transaction each; killed anywhere, the next run goes on from there, or finishes the clearing up
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.keys import Keys
from projections import schema
from projections.engine import Decoded, Engine, decode
from projections.projection import Projection
from projections.registry import by_name
from projections.rows import settle_all
from schemas.errors import CauceError, ConflictError

Progress = Callable[[str, int, int], None]
"""(phase, done, total): phases `load`, `index`, `catch up`, `swap`, `drop`; positions of events."""

PAGE_EVENTS = 20_000
_LAST_EVENTS = 500  # so few are folded under the locks of the swap
_KEPT_ROWS = 100_000
_RETRY_SECONDS = 0.2
LOCK_CLASS = 1129338180
"""Of the advisory lock that whoever rebuilds a view holds, with `hashtext` of its name."""
_WORK_MEMORY = "256MB"
_INDEXES_AT_ONCE = 2


class CancelledRebuildError(CauceError):
    """Stopped on request. What was loaded stays: the next run goes on from there."""

    title = "Rebuild cancelled"


def rebuild_here(
    database: Database,
    names: Sequence[str],
    progress: Progress = lambda _phase, _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    page_events: int = PAGE_EVENTS,
) -> None:
    """`rebuild`, in this process alone.

    Raises ConflictError while another process rebuilds one of them, CancelledRebuildError, NotFoundError.
    """
    projections = [by_name(name) for name in dict.fromkeys(names)]
    with ExitStack() as open_until_the_end:
        connection = open_until_the_end.enter_context(database.dedicated())
        _without_haste(connection)
        # a crash of the server loses whole pages, never parts: their checkpoint goes with them
        connection.execute("SET synchronous_commit = off")
        _claim(connection, projections)
        # facts and rows hold no cycles; looking for some in a hundred thousand kept rows takes a third of the time
        gc.disable()
        open_until_the_end.callback(gc.enable)
        try:
            _Rebuild(database, connection, projections, progress, cancelled, page_events).run()
        except psycopg.errors.AdminShutdown as error:  # standing.cancel does that, from any process
            raise CancelledRebuildError("stopped from elsewhere; what was loaded is kept for the next run") from error


class _Rebuild:
    def __init__(
        self,
        database: Database,
        connection: Connection,
        projections: Sequence[Projection],
        progress: Progress,
        cancelled: Callable[[], bool],
        page_events: int,
    ) -> None:
        self._database = database
        self._connection = connection
        self._keys = Keys(database)
        self._projections = projections
        self._progress = progress
        self._cancelled = cancelled
        self._page_events = page_events
        self._wanted = frozenset[str]().union(*(each.type_names for each in projections))

    def run(self) -> None:
        for projection in self._projections:
            self._drop_replaced(projection)
            self._prepare(projection)
        self._load()
        for projection in self._projections:
            self._index(projection)
            self._replace(projection)
            self._drop_replaced(projection)

    def _prepare(self, projection: Projection) -> None:
        """Go on with a half-made view of this version, or begin one."""
        name = schema.next_schema(projection.name)
        with self._connection.transaction():
            schema.ensure_live(self._connection, projection)
            found = self._connection.execute("SELECT version FROM projections WHERE schema = %s", (name,)).fetchone()
            if found is not None and found[0] == projection.version:
                return
            schema.drop(self._connection, name)
            schema.create_next(self._connection, projection, store.last_position(self._connection))

    def _load(self) -> None:
        """Everything up to where history ended when the rebuild began, in pages, into tables without indexes."""
        engines = [
            Engine(each, schema.next_schema(each.name), keep=_KEPT_ROWS, bulk=True)
            for each in self._projections
            if not self._is_indexed(each)
        ]
        positions = {engine.schema: engine.position(self._connection) for engine in engines}
        target = max((self._target(engine.projection) for engine in engines), default=0)
        if not engines:
            return
        after = min(positions.values())
        # the next page is read and decoded while the database writes this one
        with self._unhurried() as reading, ThreadPoolExecutor(1, thread_name_prefix="rebuild") as ahead:
            coming = ahead.submit(self._decoded, reading, after, target)
            while after < target:
                self._go_on("load", after, target)
                end, decoded = coming.result()
                coming = ahead.submit(self._decoded, reading, end, target)
                with self._connection.transaction():
                    self._fold(engines, positions, end, decoded)
                after = end

    def _decoded(self, connection: Connection, after: int, until: int) -> tuple[int, list[Decoded]]:
        events = store.read_types_after(connection, after, self._page_events, self._wanted, until=until)
        end = events[-1].position if len(events) == self._page_events else until
        return end, decode(connection, self._keys, events, self._wanted)

    def _fold(self, engines: Sequence[Engine], positions: dict[str, int], end: int, decoded: list[Decoded]) -> None:
        for engine in engines:
            old = positions[engine.schema]
            if old < end:
                schema.use(self._connection, engine.schema)
                later = [each for each in decoded if each.event.position > old]
                engine.fold(self._connection, later, old, end)
                positions[engine.schema] = end

    def _page(self, engine: Engine, positions: dict[str, int], until: int) -> None:
        end, decoded = self._decoded(self._connection, positions[engine.schema], until)
        self._fold([engine], positions, end, decoded)

    def _index(self, projection: Projection) -> None:
        name = schema.next_schema(projection.name)
        if self._is_indexed(projection):
            return
        target = self._target(projection)
        self._go_on("index", target, target)
        with ThreadPoolExecutor(_INDEXES_AT_ONCE, thread_name_prefix="index") as building:
            for built in [building.submit(self._build, name, each) for each in projection.create_indexes()]:
                built.result()
        with self._connection.transaction():
            schema.use(self._connection, name)
            settle_all(self._connection, projection)
            schema.settle_indexes(self._connection, projection, name)

    def _build(self, name: str, statement: str) -> None:
        with self._unhurried() as connection, connection.transaction():
            schema.create_index(connection, name, statement)

    def _unhurried(self) -> Connection:
        """A connection of one's own, without the limits of what answers people: a busy machine takes its time."""
        connection = self._database.dedicated()
        _without_haste(connection)
        return connection

    def _replace(self, projection: Projection) -> None:
        """Catch up with the live history, and swap as soon as only a little is missing."""
        engine = Engine(projection, schema.next_schema(projection.name), keep=0)
        while True:
            position = engine.position(self._connection)
            newest = store.last_position(self._connection)
            if newest - position > _LAST_EVENTS:
                self._go_on("catch up", position, newest)
                with self._connection.transaction():
                    self._page(engine, {engine.schema: position}, newest)
                continue
            self._go_on("swap", newest, newest)
            try:
                with self._connection.transaction():
                    self._swap(projection, engine)
            except psycopg.errors.LockNotAvailable:  # a batch is being folded right now
                time.sleep(_RETRY_SECONDS)
            else:
                return

    def _swap(self, projection: Projection, engine: Engine) -> None:
        self._connection.execute("SET LOCAL synchronous_commit = on")
        rows: Sequence[tuple[str, int]] = self._connection.execute(
            "SELECT schema, position FROM projections WHERE schema IN (%s, %s) ORDER BY schema FOR UPDATE",
            (projection.name, engine.schema),
        ).fetchall()
        positions = dict(rows)
        live, built = positions[projection.name], positions[engine.schema]
        # the live view can't move now; whatever it has shown, the new one shows too
        while built < live:
            self._page(engine, positions, live)
            built = positions[engine.schema]
        schema.swap(self._connection, projection)

    def _drop_replaced(self, projection: Projection) -> None:
        """In a transaction of its own, after the swap: readers of the old view end first, new ones don't see it."""
        name = schema.old_schema(projection.name)
        while True:
            self._progress("drop", 0, 0)
            try:
                with self._connection.transaction():
                    schema.drop(self._connection, name)
            except psycopg.errors.LockNotAvailable:
                time.sleep(_RETRY_SECONDS)
                self._go_on("drop", 0, 0)
            else:
                return

    def _is_indexed(self, projection: Projection) -> bool:
        row = self._connection.execute(
            "SELECT indexed FROM projections WHERE schema = %s", (schema.next_schema(projection.name),)
        ).fetchone()
        return row is not None and bool(row[0])

    def _target(self, projection: Projection) -> int:
        row = self._connection.execute(
            "SELECT target FROM projections WHERE schema = %s", (schema.next_schema(projection.name),)
        ).fetchone()
        return int(row[0]) if row else 0

    def _go_on(self, phase: str, done: int, total: int) -> None:
        if self._cancelled():
            raise CancelledRebuildError("cancelled; what was loaded is kept for the next run")
        self._progress(phase, done, total)


def _without_haste(connection: Connection) -> None:
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute("SELECT set_config(%s, '0', false)", (setting,))
    connection.execute("SELECT set_config('maintenance_work_mem', %s, false)", (_WORK_MEMORY,))


def _claim(connection: Connection, projections: Sequence[Projection]) -> None:
    for projection in sorted(projections, key=lambda each: each.name):
        row = connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_CLASS, projection.name)
        ).fetchone()
        if row is None or not row[0]:
            raise ConflictError(f"{projection.name} is being rebuilt by another process")
