"""Wakeups: one connection that LISTENs for this process, and an event for each of its readers.

Only haste comes from here: a reader polls every second besides, so a lost notification, or none, costs a second.
"""

from __future__ import annotations

import asyncio
import contextlib

import psycopg
from psycopg import sql

from eventstore.notifier import channel_of

_POLL_SECONDS = 1.0
_RECONNECT_SECONDS = 0.5


class Wakeup:
    """One reader's bell. `clear` before reading, `wait` after finding nothing: what comes between is not missed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def clear(self) -> None:
        """Forget what rang so far."""
        self._rung.clear()

    def ring(self) -> None:
        """There may be something to read."""
        self._rung.set()

    async def wait(self) -> None:
        """Until it rings, a second at most."""
        # not wait_for: before Python 3.12 it loses a cancellation that comes together with the ring
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._rung.wait()


class Wakeups:
    """Listens while it has subscribers; reconnects for ever."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._bells: dict[str, list[Wakeup]] = {}
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, log: str) -> Wakeup:
        """A bell for the appends to one log."""
        bell = Wakeup()
        self._bells.setdefault(log, []).append(bell)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        return bell

    def unsubscribe(self, log: str, bell: Wakeup) -> None:
        """No longer interested; the last one lets the connection go."""
        self._bells[log].remove(bell)
        if not any(self._bells.values()) and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._listen()
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=5, keepalives_idle=10, keepalives_interval=5
        ) as connection:
            listening: set[str] = set()
            while True:
                for name in self._bells.keys() - listening:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel_of(name))))
                    listening.add(name)
                    self._ring(name)
                async for notify in connection.notifies(timeout=_POLL_SECONDS, stop_after=1):
                    self._ring(notify.channel.removeprefix(channel_of("")))

    def _ring(self, name: str) -> None:
        for bell in self._bells.get(name, ()):
            bell.ring()
