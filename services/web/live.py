"""What changed, as it happens: one follower of the events a process, told to every open `/live` connection.

Positions, names of streams and types go out, and whom alone it concerns (concerned.py); a screen then fetches what
it shows, with `?min_position=`. Between them go signals (services/signals.py): what is true for a moment, without a
position, and not told again to who comes back.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from uuid import uuid4

import msgspec

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.feed import EventFeed
from eventstore.recorded import Recorded
from services.signals import Signal
from services.web.concerned import Concerned

HEARTBEAT_SECONDS = 15.0
_QUEUE_MAX = 1000
_SIGNALS_MAX = 50
_REPLAY_MAX = 1000
_LISTENERS_MAX = 2000
_THERE_SECONDS = 60.0  # an open page of an incident says so every 25 seconds
_TOPICS_MAX = 5000
_SHARED = "incident/"
"""What a signal about such a topic says concerns those who are there too, and nobody else."""

Change = tuple[int, bytes]  # position, frame


class _Listener:
    """One connection's queue. A reader that falls behind is let go: its browser comes back and says where it was."""

    def __init__(self, user: str = "") -> None:
        self.user = user
        self.queue: asyncio.Queue[Change | bytes | None] = asyncio.Queue(_QUEUE_MAX)

    def tell(self, change: Change) -> None:
        try:
            self.queue.put_nowait(change)
        except asyncio.QueueFull:
            self.end()

    def hint(self, frame: bytes) -> None:
        """A signal: who is behind with what was recorded is spared it."""
        if self.queue.qsize() < _SIGNALS_MAX:
            self.queue.put_nowait(frame)

    def end(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class Live:
    """Follows the feed and tells the listeners. `run` for as long as the process serves; `close` before it stops."""

    def __init__(self, database: Database, feed: EventFeed) -> None:
        self._database = database
        self._feed = feed
        self._listeners: set[_Listener] = set()
        self._there: OrderedDict[str, dict[str, float]] = OrderedDict()  # topic → who signalled there, until when
        self._position = 0
        self._concerned = Concerned()
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many connections are open."""
        return len(self._listeners)

    @property
    def full(self) -> bool:
        """It carries no more."""
        return self._closed or len(self._listeners) >= _LISTENERS_MAX

    async def run(self) -> None:
        """Follow from now on, until cancelled."""
        self._position = await self._database.run(store.last_position)
        # a name of its own: over Kafka, two processes of one group would share the events instead of each having all
        await self._feed.follow(f"live-{uuid4().hex}", self._checkpoint, self._tell)

    def signal(self, signal: Signal) -> None:
        """Tell it to whom it concerns: a thousand consoles are not told who looks at what none of them shows."""
        data = msgspec.json.encode(msgspec.structs.asdict(signal))
        frame = b"event: signal\ndata: %s\n\n" % data
        there = self._come(signal) if signal.topic.startswith(_SHARED) else None
        for listener in self._listeners:
            if there is None or listener.user in there:
                listener.hint(frame)

    def _come(self, signal: Signal) -> dict[str, float]:
        """Who signalled about this topic lately, whoever signals now among them."""
        now = time.monotonic()
        there = {user: until for user, until in self._there.pop(signal.topic, {}).items() if until > now}
        there[signal.by] = now + _THERE_SECONDS
        self._there[signal.topic] = there
        if len(self._there) > _TOPICS_MAX:
            self._there.popitem(last=False)
        return there

    def close(self) -> None:
        """End every connection: the server waits for them when it stops."""
        self._closed = True
        for listener in list(self._listeners):
            listener.end()

    async def stream(self, after: int | None, user: str = "") -> AsyncGenerator[bytes]:
        """Server-sent events for `user`. `after`: the last position the client has seen, if it has seen any."""
        listener = _Listener(user)
        self._listeners.add(listener)
        try:
            yield b"retry: 2000\n\n"
            seen = after or 0
            missed = after is not None
            while missed:
                page = await self._database.run(_changes_after, seen)
                for _, frame in page:
                    yield frame
                seen = page[-1][0] if page else seen
                missed = (
                    len(page) == _REPLAY_MAX
                )  # else a screen that was away long would stay old where the page ended
            while not self._closed:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        change = await listener.queue.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if change is None:
                    return
                if isinstance(change, bytes):
                    yield change
                elif change[0] > seen:
                    yield change[1]
        finally:
            self._listeners.discard(listener)

    async def _checkpoint(self) -> int:
        return self._position

    async def _tell(self, events: Sequence[Recorded]) -> None:
        for event, users in self._concerned.tell(events):
            change = (event.position, _frame(event, users))
            for listener in self._listeners:
                listener.tell(change)
        self._position = events[-1].position


def _changes_after(connection: Connection, position: int) -> list[Change]:
    return [(event.position, _frame(event, None)) for event in store.read_after(connection, position, _REPLAY_MAX)]


def _frame(event: Recorded, users: frozenset[str] | None) -> bytes:
    told: dict[str, object] = {"position": event.position, "stream": event.stream, "type": event.type}
    if users is not None:
        told["users"] = sorted(users)
    return b"id: %d\nevent: changed\ndata: %s\n\n" % (event.position, msgspec.json.encode(told))
