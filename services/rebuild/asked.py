"""Rebuilds that somebody asked a web process for: each in a process of its own, ended with this one, resumed later."""

from __future__ import annotations

import asyncio
import time

import structlog

from eventstore.database import Database
from projections.registry import by_name
from schemas.errors import CauceError, ConflictError
from services.rebuild import standing
from services.rebuild.children import rebuild_in_child

log = structlog.get_logger()

_SEEN_SECONDS = 3.0  # so long an answer waits for its rebuild to be seen
_ENDED_SECONDS = 5.0
_POLL_SECONDS = 0.05


class AskedRebuilds:
    """`start` returns once it runs, or has ended already; its end is in the log, and on the page."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, *, by: str) -> None:
        """Begin, or go on with one that was stopped. Raises NotFoundError, ConflictError while it is being rebuilt."""
        name = by_name(name).name
        if name in self._running or await self._database.run(standing.is_running, name):
            raise ConflictError("it is being rebuilt already")
        log.info("rebuild_asked", projection=name, by=by)
        task = self._running[name] = asyncio.create_task(self._run(name), name=f"rebuild-{name}")
        until = time.monotonic() + _SEEN_SECONDS
        while not task.done() and time.monotonic() < until:
            if await self._database.run(standing.is_running, name):
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def cancel(self, name: str, *, by: str) -> None:
        """End it, whoever runs it. Raises NotFoundError, ConflictError when nobody does."""
        log.info("rebuild_cancel_asked", projection=name, by=by)
        await self._database.run(standing.cancel, name)
        if name in self._running:  # ours: then it can be begun again at once
            await asyncio.wait({self._running[name]}, timeout=_ENDED_SECONDS)

    async def close(self) -> None:
        """End them with this process: what they loaded is kept."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, name: str) -> None:
        try:
            await rebuild_in_child(self._database.url, [name])
            log.info("rebuild_ended", projection=name)
        except CauceError as error:
            log.warning("rebuild_ended_early", projection=name, error=str(error))
        finally:
            del self._running[name]
