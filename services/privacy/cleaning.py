"""What is done for privacy from time to time, off everybody's way: one process of all that could does it.

A task of the role `deliveries`. Every step can be killed and begun again; what fails now is done the next time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import psycopg
import structlog

from eventstore import turns
from schemas.errors import CauceError
from services import outcomes
from services.customers import doom
from services.drafts import uploads
from services.privacy import orphans, quarantined, records
from services.wiring import Hub

_PAUSE_SECONDS = 60.0
_SHARD_SECONDS = 600.0  # a part of the blob store each: all of it in less than two days

log = structlog.get_logger()


class Cleaning:
    """`run` is the task; `step` one round of it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._shard = -1

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            async with turns.hold(self._hub.database.url, "cleaning") as turn:
                while turn.held:
                    await self.step(time.time())
                    await asyncio.sleep(_PAUSE_SECONDS)

    async def step(self, now: float) -> None:
        """What an erasure left over; then what has served its time."""
        database, blobs = self._hub.database, self._hub.blobs
        await _tried("blobs_of_erased_people_deleted", lambda: doom.carry_out(database, blobs))
        await _tried("records_of_erased_people_blanked", lambda: records.forget(database))
        await _tried("old_quarantine_blanked", lambda: database.run(quarantined.blank_settled))
        shard = int(now / _SHARD_SECONDS) % len(orphans.SHARDS)
        if shard != self._shard:
            self._shard = shard
            await _tried("old_idempotency_keys_forgotten", lambda: database.run(outcomes.forget_old))
            await _tried("unsent_uploads_expired", lambda: database.run(uploads.expire))
            part = (orphans.SHARDS[shard],)
            await _tried("orphaned_blobs_deleted", lambda: orphans.clean(self._hub, shards=part))


async def _tried(event: str, work: Callable[[], Awaitable[int]]) -> None:
    try:
        if count := await work():
            log.info(event, count=count)
    except (CauceError, psycopg.Error) as error:  # nothing of ours to undo: the next round tries again
        log.warning("cleaning_postponed", what=event, error=type(error).__name__, message=str(error))
