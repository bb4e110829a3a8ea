"""Answers that can still be taken back: shown to the customer once they can't be any more, by the database's clock.

Beside the watcher (replies.py). Keeps nothing: after a restart the watcher reads again what may still be held.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import psycopg
import structlog

from eventstore import store
from eventstore.database import Connection, Database
from schemas.errors import RetryableError
from schemas.facts import stream_id
from schemas.facts.interaction import InteractionHeld, InteractionWithdrawn

_REMEMBERED_MAX = 10_000
_AGAIN_SECONDS = 1.0

log = structlog.get_logger()

Push = Callable[[], Awaitable[None]]


class Holds:
    """`until` what time each held answer waits; pushing them is a task of its own each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._until: OrderedDict[UUID, datetime] = OrderedDict()
        self._waiting: set[asyncio.Task[None]] = set()

    @property
    def any(self) -> bool:
        """Is something held whose words have not come yet?"""
        return bool(self._until)

    def hold(self, fact: InteractionHeld) -> None:
        """What is sent under this id comes later."""
        self._until[fact.interaction] = fact.until
        if len(self._until) > _REMEMBERED_MAX:
            self._until.popitem(last=False)

    def later(self, interaction: UUID, push: Push) -> bool:
        """Push it when its time has come, unless it was taken back. False: it isn't held, push it now."""
        until = self._until.pop(interaction, None)
        if until is None:
            return False
        task = asyncio.create_task(self._wait(interaction, until, push), name=f"held-{interaction}")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return True

    async def close(self) -> None:
        """Wait for nothing any more."""
        waiting = list(self._waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _wait(self, interaction: UUID, until: datetime, push: Push) -> None:
        while True:
            try:
                seconds, withdrawn = await self._database.run(_state, interaction, until)
            except (RetryableError, psycopg.Error) as error:
                log.warning("held_answer_waits", interaction=str(interaction), error=type(error).__name__)
                seconds, withdrawn = _AGAIN_SECONDS, False
            else:
                if withdrawn:
                    return
                if seconds <= 0:
                    await push()
                    return
            await asyncio.sleep(seconds)


def _state(connection: Connection, interaction: UUID, until: datetime) -> tuple[float, bool]:
    """Seconds it is still held, and whether it was taken back."""
    store.lock(connection)  # whoever is taking it back right now has ended
    row = connection.execute("SELECT extract(epoch FROM %s - clock_timestamp())::float8", (until,)).fetchone()
    stream = stream_id(InteractionWithdrawn.category, interaction)
    events = store.read_streams(connection, [stream]).get(stream, [])
    return (row[0] if row else 0.0), any(event.type == InteractionWithdrawn.type_name for event in events)
