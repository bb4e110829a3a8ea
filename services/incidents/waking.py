"""Wakes what was snoozed until now: a task beside the incidents service, over the table `snoozes`.

A timer's row is written with the fact that snoozes and goes with the fact that wakes, each in one transaction under the
store's lock: it survives whatever dies, rings once, and as many processes as one likes may watch.
"""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from eventstore.database import Connection, Database
from eventstore.ledger import NO_CAUSE, Ledger
from schemas.errors import CauceError
from services.incidents import decide, loading, saving

log = structlog.get_logger()

_AT_ONCE = 100
POLL_SECONDS = 1.0


class Waking:
    """`run` until cancelled."""

    def __init__(self, database: Database, ledger: Ledger, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._ledger = ledger
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Look once a second; what a broken connection left is there the next time."""
        while True:
            try:
                while await self._database.run(_due):
                    await self._database.run(wake_due, self._ledger)
            except (CauceError, psycopg.Error) as error:
                log.warning("waking_waits", error=type(error).__name__)
            await asyncio.sleep(self._poll_seconds)


def wake_due(connection: Connection, ledger: Ledger) -> int:
    """Everything whose time has come, some at once; returns how many woke."""
    known, now = loading.begin(connection)
    rows = connection.execute(
        "SELECT incident FROM snoozes WHERE until <= %s ORDER BY until LIMIT %s", (now, _AT_ONCE)
    ).fetchall()
    due = [incident for (incident,) in rows]
    loading.load_incidents(connection, known, due)
    for incident in due:
        known.record(decide.wake_due(known.incidents[incident], now), NO_CAUSE)
    known.changes.snoozes.update(due)
    saving.save(connection, ledger, known)
    return len(known.facts)


def _due(connection: Connection) -> bool:
    return connection.execute("SELECT FROM snoozes WHERE until <= clock_timestamp() LIMIT 1").fetchone() is not None
