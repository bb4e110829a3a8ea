"""The newest events of the table, read once for all who follow them in a process. Below PostgresFeed.

Whoever is further behind reads the table itself until they have caught up.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from operator import attrgetter

import structlog

from eventstore import store
from eventstore.backoff import Backoff
from eventstore.database import Database
from eventstore.recorded import Recorded
from eventstore.wakeups import Wakeups

_PAGE_EVENTS = 500
_HELD_EVENTS = 2_000
_HELD_BYTES = 4 * 1024 * 1024

log = structlog.get_logger()


class Tail:
    """Reads while it is followed. `after` gives each follower what comes behind its own position."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wakeups = Wakeups(database.url)
        self._followers = 0
        self._task: asyncio.Task[None] | None = None
        self._forget()

    @contextmanager
    def followed(self) -> Generator[None]:
        """For as long as one follower follows; with the last one it stops reading."""
        self._followers += 1
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers:
                self._task.cancel()
                self._task = None
                self._forget()

    async def after(self, position: int, limit: int) -> Sequence[Recorded]:
        """The next events after a position, `limit` at most; waits until there are some."""
        while True:
            grown = self._grown  # taken first: what comes while we look is not missed
            if self._begin is None or position < self._begin:
                if events := await self._database.run(store.read_after, position, limit):
                    return events
            elif self._events and position < self._events[-1].position:
                first = bisect_right(self._events, position, key=attrgetter("position"))
                return self._events[first : first + limit]
            await grown.wait()

    def _forget(self) -> None:
        self._begin: int | None = None
        """It holds all that comes after this position. None: it hasn't looked yet."""
        self._events: list[Recorded] = []
        self.held_bytes = 0
        self._grown = asyncio.Event()

    async def _run(self) -> None:
        bell = self._wakeups.subscribe("events")
        backoff = Backoff()
        try:
            while True:
                bell.clear()
                try:
                    if not await self._step():
                        await bell.wait()
                    backoff.reset()
                except Exception:
                    # nothing is lost by reading again
                    log.exception("events_not_read")
                    await backoff.pause()
        finally:
            self._wakeups.unsubscribe("events", bell)

    async def _step(self) -> bool:
        if self._begin is None:
            self._begin = await self._database.run(store.last_position)
            self._tell()
        last = self._events[-1].position if self._events else self._begin
        page = await self._database.run(store.read_after, last, _PAGE_EVENTS)
        if page:
            self._hold(page)
            self._tell()
        return bool(page)

    def _hold(self, page: Sequence[Recorded]) -> None:
        """Besides the newest page, no more than it may hold."""
        self.held_bytes += sum(len(event.data) for event in page)
        excess = 0
        for event in self._events:
            if self.held_bytes <= _HELD_BYTES and len(self._events) - excess + len(page) <= _HELD_EVENTS:
                break
            self.held_bytes -= len(event.data)
            self._begin = event.position
            excess += 1
        self._events = [*self._events[excess:], *page]

    def _tell(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()
