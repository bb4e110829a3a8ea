"""The demo's older part: the story acted out at its own times, in batches, straight into the incidents service.

Resumable: a position of its own moves with each batch, and the plan lies in the data folder.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import structlog

from eventstore import positions
from eventstore.database import Connection
from eventstore.log import Batch
from schemas.errors import LogUnavailableError, SettingsError
from services.demo.act import Act
from services.demo.furnish import furnish
from services.demo.history_ledger import HistoryLedger
from services.demo.prepare import Answered, CameIn, Preparation, Prepared, Worked
from services.demo.steps import AnyStep
from services.demo.story import INTERACTIONS_A_CASE, Plan, tell
from services.incidents.arrival import Reader
from services.incidents.batch import Rules
from services.wiring import Hub

_BATCH_STEPS = 400
_TOPIC = "demo"
_CASES_A_DAY = 4
_PAUSES_SECONDS = (1, 2, 5, 10, 20, 30)

log = structlog.get_logger()

Progress = Callable[[str, int, int], None]
"""(phase, done, total), in incidents begun."""


@dataclass(frozen=True)
class Size:
    """How much history. `interactions` overrides `incidents`; neither: about four incidents a day."""

    days: int = 90
    incidents: int | None = None
    interactions: int | None = None
    seed: int = 1

    @property
    def cases(self) -> int:
        """How many incidents to tell."""
        if self.interactions is not None:
            return max(1, round(self.interactions / INTERACTIONS_A_CASE))
        return self.incidents or self.days * _CASES_A_DAY


class Told(msgspec.Struct):
    """What was entered. `skipped`: what the deciders refused, as two stories met in one incident."""

    interactions: int = 0
    commands: int = 0
    skipped: int = 0


async def fill(hub: Hub, size: Size, progress: Progress = lambda _phase, _done, _total: None) -> Told:
    """Enter the history, or the rest of it. The same size and seed again: nothing more happens."""
    plan = _plan(hub.settings.data, size)
    return await asyncio.to_thread(_fill, hub, plan, progress)


async def fill_if_empty(hub: Hub, say: Callable[[str], None]) -> None:
    """The history of `make up`: into an empty hub, or on where a broken-off one stopped."""
    size = Size()
    if await hub.database.run(_has_incidents) and not _plan_file(hub.settings.data, size).exists():
        return
    told = await fill(hub, size)
    if told.interactions:
        await furnish(hub, _plan(hub.settings.data, size))
        say(f"entered {size.days} days of demo history: {told.interactions} interactions")


def _has_incidents(connection: Connection) -> bool:
    return connection.execute("SELECT FROM incident_state LIMIT 1").fetchone() is not None


def _plan_file(data: Path, size: Size) -> Path:
    return data / f"demo-{size.seed}.json"


def _plan(data: Path, size: Size) -> Plan:
    path = _plan_file(data, size)
    if not path.exists():
        # whole minutes before now, so that what comes live comes after it
        until = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
        made = Plan.over(seed=size.seed, until=until, days=size.days, cases=size.cases)
        data.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(made))
        return made
    plan = msgspec.json.decode(path.read_bytes(), type=Plan)
    if (plan.cases, plan.until - plan.since) != (size.cases, timedelta(days=size.days)):
        raise SettingsError(f"this hub has another demo history of seed {size.seed}: take another --seed")
    return plan


def _fill(hub: Hub, plan: Plan, progress: Progress) -> Told:
    rules = Rules(Reader(hub.secret), timedelta(hours=hub.settings.correlation_hours))
    preparation = Preparation(rules.reader, hub.tokens, hub.settings.mail_addresses[0])
    ledger = HistoryLedger(hub.keys)
    consumer = f"demo/{plan.seed}"
    told, done, begun = Told(), 0, 0
    with hub.database.transaction() as connection:
        skip = positions.read(connection, consumer, _TOPIC).get(0, 0)
    for steps in _batches(tell(plan)):
        prepared = [ready for step in steps if (ready := preparation.prepare(step)) is not None]
        if done >= skip:
            move = Batch(_TOPIC, 0, consumer, done, done + len(steps), ())

            def play(prepared: Sequence[Prepared] = prepared, move: Batch = move) -> int:
                with hub.database.transaction() as connection:
                    act = Act(connection, ledger, rules, preparation.cases, plan.seed)
                    act.play(prepared)
                    positions.advance(connection, move)
                return act.skipped

            _count(told, prepared, _patiently(play))
        done += len(steps)
        for ready in prepared:
            preparation.forget(ready)
        begun = max(begun, *(step.case + 1 for step in steps))
        progress("history", begun, plan.cases)
    return told


def _patiently(work: Callable[[], int]) -> int:
    """Do it again when the database had no time for it: a long history meets a busy machine sooner or later.

    What was rolled back comes again with the same ids.
    """
    for pause in _PAUSES_SECONDS:
        try:
            return work()
        except (psycopg.OperationalError, LogUnavailableError) as error:
            log.warning("history_waits", error=type(error).__name__, seconds=pause)
            time.sleep(pause)
    return work()


def _batches(steps: Iterator[AnyStep]) -> Iterator[list[AnyStep]]:
    while batch := list(itertools.islice(steps, _BATCH_STEPS)):
        yield batch


def _count(told: Told, prepared: Sequence[Prepared], skipped: int) -> None:
    told.interactions += sum(isinstance(step, CameIn | Answered) for step in prepared)
    told.commands += sum(isinstance(step, Worked) for step in prepared)
    told.skipped += skipped
