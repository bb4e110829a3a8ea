"""Commands: what people ask for, decided and recorded at once. Between the API or CLI and the deciders."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import msgspec
import psycopg
import structlog

from channels.intake import in_time
from eventstore import sight, store
from eventstore.blobs import Blobs
from eventstore.database import Connection, Database
from eventstore.ledger import Ledger
from eventstore.log import APPEND_SECONDS
from eventstore.sight import Sight
from schemas.errors import CauceError, LogUnavailableError
from services import undo
from services.bulk import Bulk
from services.customers import doom
from services.customers.requests import ErasePerson
from services.deciders import Request, decide
from services.desk import Desk, Done
from services.incidents import loading, saving
from services.incidents.arrival import Reader
from services.incidents.batch import Rules
from services.outcomes import Outcome, Outcomes
from services.privacy import named
from services.privacy.clearing import clear_away
from services.privacy.named import BehindError

CORRELATION_WINDOW = timedelta(hours=168)
_GROUP_MAX = 50
_PAUSE_SECONDS = 0.1
_TIMES_BEHIND = 5

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Job:
    request: Request
    key: str | None
    done: asyncio.Future[Outcome]
    until: float = field(default_factory=lambda: time.monotonic() + APPEND_SECONDS)
    sight: Sight = field(default_factory=sight.current)


@dataclass(frozen=True, slots=True)
class _Made:
    """A job's share of a transaction: the facts `first` up to `last`. Or `earlier`: what its key did before."""

    job: _Job
    done: Done | None
    first: int
    last: int
    earlier: Outcome | None = None


def _databases(_request: Request, now: datetime) -> datetime:
    return now


Clock: TypeAlias = Callable[[Request, datetime], datetime]
"""When a request was made, given the database's time under the lock: that, unless a story is told at its own times."""


class Commands:
    """Runs requests; concurrent ones share a transaction, made by the task `serve`, never inside a caller's.

    `window`: how long an incident stays joinable (CAUCE_CORRELATION_HOURS), for calls that agents enter.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        blobs: Blobs,
        *,
        secret: bytes,
        window: timedelta = CORRELATION_WINDOW,
        clock: Clock = _databases,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._blobs = blobs
        self.rules = Rules(Reader(secret), window)
        self._outcomes = Outcomes(secret)
        self._clock = clock
        self._waiting: asyncio.Queue[_Job] = asyncio.Queue()

    async def run(self, request: Request, *, by: str, idempotency_key: str | None = None) -> Outcome:
        """Decide, record, answer. The same key with the same request again: the stored outcome.

        Raises NotFoundError, InvalidError, ConflictError (illegal, or the key was another request's) and
        LogUnavailableError: then try again, with the same key if it must not happen twice.
        """
        if isinstance(request, ErasePerson):
            return await self._erase(request, by, idempotency_key)
        return await self._ask(request, by, idempotency_key)

    async def _ask(self, request: Request, by: str, idempotency_key: str | None) -> Outcome:
        job = _Job(msgspec.structs.replace(request, by=by), idempotency_key, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(job)
        async with in_time():  # not wait_for: it may swallow a caller's cancellation
            return await job.done

    async def serve(self) -> None:
        """Be the writer, until cancelled."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < _GROUP_MAX and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            for together in _together(group):
                await self._settle([job for job in together if not job.done.done()])

    async def _settle(self, group: Sequence[_Job]) -> None:
        if not group:
            return
        try:
            outcomes = await self._database.run(self._write, group)
        except (CauceError, psycopg.Error) as error:
            await self._settle_failed(group, error)
        except Exception as error:  # the writer's edge: it must live on, and every caller must hear
            log.exception("command_failed", requests=[type(job.request).__name__ for job in group])
            for job in group:
                _refuse(job, error)
        else:
            for job, outcome in outcomes:
                if not job.done.done():
                    job.done.set_result(outcome)

    async def _settle_failed(self, group: Sequence[_Job], error: CauceError | psycopg.Error) -> None:
        if _did_nothing(error) and time.monotonic() < min(job.until for job in group):
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._settle(group)
        elif _may_be_done(error):  # not again: it would be done twice
            for job in group:
                _refuse(job, LogUnavailableError("the database went away: nobody knows yet whether it was done"))
        elif len(group) > 1:  # whose fault? one by one, so that nobody pays for another's
            for job in group:
                await self._settle([job])
        else:
            _refuse(group[0], error)

    async def _erase(self, request: ErasePerson, by: str, idempotency_key: str | None) -> Outcome:
        """All that takes long is done here, in its caller's task and off the lock: before it the index, then the rest.

        Killed before the commit, nothing was done; after it, what is left over is done by services/privacy/cleaning.py.
        """
        for _ in range(_TIMES_BEHIND):
            await named.catch_up(self._database, self._ledger.keys)
            with contextlib.suppress(BehindError):
                outcome = await self._ask(request, by, idempotency_key)
                await clear_away(self._database, self._blobs)
                return outcome
        raise LogUnavailableError("too much comes in to erase anybody; try again")

    def _write(self, connection: Connection, group: Sequence[_Job]) -> list[tuple[_Job, Outcome]]:
        known, now = loading.begin(connection)
        desk = Desk(connection, self._ledger, known, self.rules)
        made: list[_Made] = []
        for job in group:
            if job.done.done():
                continue  # whoever asked was told "not in time" while we waited for the lock
            twin = next((one for one in made if job.key is not None and _same_key(one.job, job)), None)
            if twin is not None:
                self._outcomes.refuse_other(twin.job.request, job.request)
                made.append(_Made(job, twin.done, twin.first, twin.last, twin.earlier))
                continue
            first = len(known.facts)
            earlier = self._outcomes.earlier(connection, job.key, job.request)
            request = msgspec.structs.replace(job.request, now=self._clock(job.request, now))
            desk.sight = job.sight
            done = decide(desk, request) if earlier is None else None
            made.append(_Made(job, done, first, len(known.facts), earlier))
        positions = saving.save(connection, self._ledger, known)
        latest = store.last_position(connection)
        outcomes = [(one.job, _outcome_of(connection, one, positions, latest)) for one in made]
        self._outcomes.remember(connection, [(job.key, job.request, outcome) for job, outcome in outcomes])
        doom.doom(connection, desk.blobs)
        return outcomes


def _together(group: Sequence[_Job]) -> list[list[_Job]]:
    """An erasure has a transaction of its own: what it destroys nobody else may be reading."""
    found: list[list[_Job]] = [[]]
    for job in group:
        if isinstance(job.request, ErasePerson):
            found += [[job], []]
        else:
            found[-1].append(job)
    return [together for together in found if together]


def _outcome_of(connection: Connection, made: _Made, positions: Sequence[int], latest: int) -> Outcome:
    if made.done is None:
        assert made.earlier is not None  # noqa: S101 -- one of them is
        return made.earlier
    position = positions[made.last - 1] if made.last > made.first else latest
    return Outcome(
        position=position,
        subject=made.done.subject,
        number=made.done.number,
        interaction=made.done.interaction,
        delivery=made.done.delivery,
        note=made.done.note,
        held_until=made.done.held_until,
        undo=_undo_of(connection, made.job.request, made.done),
        changed=made.done.changed,
        refused=made.done.refused,
    )


def _undo_of(connection: Connection, request: Request, done: Done) -> UUID | None:
    if not done.inverse:
        return None
    one = request.requests[0] if isinstance(request, Bulk) else request
    return undo.remember(connection, request.by, done.inverse, type(one).__name__)


def _did_nothing(error: Exception) -> bool:
    """It can be tried again: certainly nothing was committed. After a lost connection nobody knows."""
    return isinstance(
        error,
        LogUnavailableError
        | psycopg.errors.LockNotAvailable
        | psycopg.errors.QueryCanceled
        | psycopg.errors.DeadlockDetected
        | psycopg.errors.SerializationFailure,
    )


def _may_be_done(error: Exception) -> bool:
    """The connection was lost, perhaps while it committed. An error that the server told has undone everything."""
    return isinstance(error, psycopg.OperationalError) and (error.sqlstate is None or error.sqlstate.startswith("57P"))


def _refuse(job: _Job, error: Exception) -> None:
    if job.done.done():
        return
    if isinstance(error, psycopg.Error):
        unavailable = LogUnavailableError(f"the database did not take it: {type(error).__name__}")
        unavailable.__cause__ = error
        job.done.set_exception(unavailable)
    else:
        job.done.set_exception(error)


def _same_key(one: _Job, other: _Job) -> bool:
    return (one.key, one.request.by) == (other.key, other.request.by)
