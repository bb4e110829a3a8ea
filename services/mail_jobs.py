"""Long work on mail that a person asked for: begun, moved on, ended in the table `mail_jobs`; one of a kind at a time.

Under services/quarantine_many.py and services/recorrelation/; the screens show how far it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg.types.json import Jsonb

from eventstore.database import Connection, Database
from schemas.errors import CauceError, ConflictError
from schemas.ids import new_id

REPROCESS = "reprocess"
RECORRELATE = "recorrelate"
_SILENT = timedelta(minutes=2)
"""So long without a step: whoever did it is gone."""
_BEAT_SECONDS = 20.0

log = structlog.get_logger()


class MailJob(msgspec.Struct, frozen=True):
    """`state`: `running`, `done`, `stopped` (a person's word, or its process's end) or `failed`."""

    id: UUID
    kind: str
    asked: dict[str, str]
    by: str
    state: str
    done: int
    total: int
    outcome: dict[str, int]
    started_at: datetime
    moved_at: datetime


def begin(connection: Connection, kind: str, asked: Mapping[str, str], total: int, *, by: str) -> UUID:
    """Raises ConflictError while another of its kind runs."""
    connection.execute(
        "UPDATE mail_jobs SET state = 'stopped' WHERE kind = %s AND state = 'running' AND moved_at < now() - %s",
        (kind, _SILENT),
    )
    job = new_id()
    made = connection.execute(
        "INSERT INTO mail_jobs (id, kind, asked, by, total) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (job, kind, Jsonb(dict(asked)), by, total),
    ).rowcount
    if not made:
        raise ConflictError("another one is under way: wait for its end, or stop it")
    return job


def move(connection: Connection, job: UUID, done: int, outcome: Mapping[str, int], *, total: int | None = None) -> bool:
    """It has come so far; of `total`, where that was not known when it began. False: somebody stopped it."""
    return (
        connection.execute(
            "UPDATE mail_jobs SET done = %s, outcome = %s, total = coalesce(%s, total), moved_at = clock_timestamp()"
            " WHERE id = %s AND state = 'running'",
            (done, Jsonb(dict(outcome)), total, job),
        ).rowcount
        == 1
    )


def keep(connection: Connection, job: UUID, found: Sequence[object]) -> None:
    """What it found, one by one, with the job."""
    connection.execute("UPDATE mail_jobs SET found = %s WHERE id = %s", (Jsonb(list(found)), job))


def found(connection: Connection, job: UUID) -> list[object]:
    """What was kept with it."""
    row: tuple[list[object]] | None = connection.execute("SELECT found FROM mail_jobs WHERE id = %s", (job,)).fetchone()
    return row[0] if row is not None else []


def end(connection: Connection, job: UUID, state: str) -> None:
    """It runs no more."""
    connection.execute(
        "UPDATE mail_jobs SET state = %s, moved_at = clock_timestamp() WHERE id = %s AND state = 'running'",
        (state, job),
    )


def newest(connection: Connection, kind: str) -> MailJob | None:
    """The last one of its kind, whatever became of it."""
    row = connection.execute(
        "SELECT id, kind, asked, by,"
        " CASE WHEN state = 'running' AND moved_at < now() - %s THEN 'stopped' ELSE state END AS state,"
        " done, total, outcome, started_at, moved_at FROM mail_jobs WHERE kind = %s ORDER BY started_at DESC LIMIT 1",
        (_SILENT, kind),
    ).fetchone()
    return MailJob(*row) if row is not None else None


@asynccontextmanager
async def beating(database: Database, job: UUID) -> AsyncGenerator[None]:
    """Within it the job is known to live, however long a step takes."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            await database.run(_touch, job)

    task = asyncio.create_task(beat(), name=f"mail-job-{job}-beat")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def _touch(connection: Connection, job: UUID) -> None:
    connection.execute("UPDATE mail_jobs SET moved_at = clock_timestamp() WHERE id = %s AND state = 'running'", (job,))


class AskedMailJobs:
    """Those that somebody asked this process for; they end with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, job: UUID, work: Callable[[UUID], Awaitable[None]]) -> None:
        """Go on with it beside the requests; how it ends stands in the table."""
        task = asyncio.create_task(self._run(job, work), name=f"mail-job-{job}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop them with this process."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, job: UUID, work: Callable[[UUID], Awaitable[None]]) -> None:
        state = "stopped"
        try:
            await work(job)
            state = "done"
        except (CauceError, psycopg.Error) as error:
            log.warning("mail_job_failed", job=str(job), error=str(error))
            state = "failed"
        except Exception:  # the job's edge: nobody waits for it, the page says how it ended
            log.exception("mail_job_failed", job=str(job))
            state = "failed"
        finally:
            await self._database.run(end, job, state)
