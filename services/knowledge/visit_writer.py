"""Records what visitors do, many at a time: one task takes the store's lock for all that waits, not each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import psycopg
import structlog

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.ledger import NO_CAUSE, Cause, Ledger
from schemas.errors import CauceError, LogUnavailableError, RetryableError
from schemas.facts import Fact, stream_id
from services.knowledge.visits import Happened, decide, evolve, state_of

log = structlog.get_logger()

_BATCH_MAX = 200
_WAITING_MAX = 2000
_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    happened: Happened
    done: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class VisitWriter:
    """`run` it as a task beside the server; `record` returns when the fact is durable."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(_WAITING_MAX)

    async def record(self, happened: Happened) -> int:
        """The fact's position (0: there was nothing new). Raises what the decider raises, and LogUnavailableError."""
        waiting = _Waiting(happened)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._waiting.put(waiting)
                return await waiting.done
        except TimeoutError as error:
            raise LogUnavailableError("the store did not answer in time") from error

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < _BATCH_MAX and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            await self._write([waiting for waiting in group if not waiting.done.done()])

    async def _write(self, group: Sequence[_Waiting]) -> None:
        outcomes: Sequence[int | Exception]
        try:
            outcomes = await self._database.run(self._in_transaction, [waiting.happened for waiting in group])
        except (RetryableError, psycopg.OperationalError) as error:
            log.warning("visits_not_recorded", waiting=len(group), error=type(error).__name__)
            outcomes = [LogUnavailableError("the store did not take it")] * len(group)
        except Exception as error:  # noqa: BLE001 -- each who waits is told; the task serves the next
            if len(group) > 1:  # one bad fact must not fail its neighbours
                for waiting in group:
                    await self._write([waiting])
                return
            outcomes = [error]
        for waiting, outcome in zip(group, outcomes, strict=True):
            if waiting.done.done():
                continue
            if isinstance(outcome, int):
                waiting.done.set_result(outcome)
            else:
                waiting.done.set_exception(outcome)

    def _in_transaction(self, connection: Connection, group: Sequence[Happened]) -> list[int | Exception]:
        store.lock(connection)
        streams = sorted({stream_id("visit", happened.visit) for happened in group})
        histories = self._ledger.load(connection, streams)
        visits = {stream: state_of(history.facts) for stream, history in histories.items()}
        now = store.now(connection)
        outcomes: list[int | Exception] = []
        facts: list[tuple[Fact, Cause]] = []
        for happened in group:
            stream = stream_id("visit", happened.visit)
            try:
                decided = decide(visits[stream], replace(happened, now=now))  # not the caller's clock
            except CauceError as refused:
                outcomes.append(refused)
                continue
            for fact in decided:
                visits[stream] = evolve(visits[stream], fact)
                facts.append((fact, NO_CAUSE))
            outcomes.append(len(facts) if decided else 0)  # which fact is theirs, until positions are known
        positions = self._ledger.record(connection, facts, {name: found.version for name, found in histories.items()})
        return [positions[out - 1] if isinstance(out, int) and out else out for out in outcomes]
