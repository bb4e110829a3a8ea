"""Work in progress and time spent: talk time of calls (without holds) and runs of stopwatches, by user and incident."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections import incidents
from projections.projection import Projection, Table, changes, on, opens
from projections.talk import between, talked
from schemas.facts.call import CallAnswered, CallAttached, CallEnded, CallHeld, CallIdentified, CallResumed, CallStarted
from schemas.facts.incident import WorkStarted, WorkStopped


class SpanRow(msgspec.Struct, frozen=True):
    """A row of `work_spans`."""

    id: UUID
    kind: str
    agent: str
    incident: UUID | None
    began_at: datetime | None
    ended_at: datetime | None
    held_at: datetime | None
    held_seconds: float
    seconds: float
    forgotten: bool


class Spent(msgspec.Struct, frozen=True):
    """Seconds that ended: talked on the telephone, and by the stopwatch. `forgotten`: runs that were cut."""

    calls: float = 0.0
    stopwatch: float = 0.0
    total: float = 0.0
    forgotten: int = 0


class Stopwatch(msgspec.Struct, frozen=True):
    """A run that goes on. `number`: of the incident as read now."""

    agent: str
    number: int | None
    started_at: datetime


_SPANS = Table("work_spans", SpanRow, ("id",))


def _call_started(fact: CallStarted, _: Recorded) -> SpanRow:
    return SpanRow(fact.call, "call", fact.agent, None, None, None, None, 0.0, 0.0, forgotten=False)


def _answered(row: SpanRow, fact: CallAnswered, _: Recorded) -> SpanRow:
    return _counted(replace(row, began_at=fact.at, agent=fact.agent or row.agent))


def _identified(row: SpanRow, fact: CallIdentified, _: Recorded) -> SpanRow:
    return replace(row, agent=row.agent or fact.agent)


def _held(row: SpanRow, fact: CallHeld, _: Recorded) -> SpanRow:
    return replace(row, held_at=fact.at)


def _resumed(row: SpanRow, fact: CallResumed, _: Recorded) -> SpanRow:
    return replace(row, held_at=None, held_seconds=row.held_seconds + between(row.held_at, fact.at))


def _call_ended(row: SpanRow, fact: CallEnded, _: Recorded) -> SpanRow:
    held = row.held_seconds + between(row.held_at, fact.at)
    return _counted(replace(row, ended_at=fact.at, held_at=None, held_seconds=held))


def _counted(row: SpanRow) -> SpanRow:
    # an answer may be told after the end
    return replace(row, seconds=talked(row.began_at, row.ended_at, row.held_seconds))


def _attached(row: SpanRow, fact: CallAttached, _: Recorded) -> SpanRow:
    return replace(row, incident=fact.incident)


def _run_started(fact: WorkStarted, _: Recorded) -> SpanRow:
    return SpanRow(fact.span, "stopwatch", fact.by, fact.incident, fact.at, None, None, 0.0, 0.0, forgotten=False)


def _run_stopped(row: SpanRow, fact: WorkStopped, _: Recorded) -> SpanRow:
    return replace(row, ended_at=fact.at, seconds=fact.seconds, forgotten=fact.forgotten)


WORK = Projection(
    "work",
    version=2,
    ddl="work.sql",
    tables=(_SPANS,),
    on=(
        on(CallStarted, opens(_SPANS, lambda fact: fact.call, _call_started)),
        on(CallAnswered, changes(_SPANS, lambda fact: fact.call, _answered)),
        on(CallIdentified, changes(_SPANS, lambda fact: fact.call, _identified)),
        on(CallHeld, changes(_SPANS, lambda fact: fact.call, _held)),
        on(CallResumed, changes(_SPANS, lambda fact: fact.call, _resumed)),
        on(CallEnded, changes(_SPANS, lambda fact: fact.call, _call_ended)),
        on(CallAttached, changes(_SPANS, lambda fact: fact.call, _attached)),
        on(WorkStarted, opens(_SPANS, lambda fact: fact.span, _run_started)),
        on(WorkStopped, changes(_SPANS, lambda fact: fact.span, _run_stopped)),
    ),
)


def running(connection: Connection, agent: str | None = None) -> list[Stopwatch]:
    """The stopwatches that run: all, or one user's."""
    rows: Sequence[tuple[str, UUID, datetime]] = connection.execute(
        "SELECT agent, incident, began_at FROM work_spans WHERE kind = 'stopwatch' AND ended_at IS NULL"
        " AND began_at IS NOT NULL AND (%(agent)s::text IS NULL OR agent = %(agent)s) ORDER BY began_at",
        {"agent": agent},
    ).fetchall()
    numbers = incidents.roots(connection, [incident for _, incident, _ in rows])
    return [Stopwatch(name, numbers.get(incident), began) for name, incident, began in rows]


def spent_by(connection: Connection, agents: Collection[str], since: datetime, until: datetime) -> dict[str, Spent]:
    """What each of these users spent on anything that ended in this time (`until` exclusive)."""
    rows: Sequence[tuple[str, float, float, int]] = connection.execute(
        "SELECT agent, coalesce(sum(seconds) FILTER (WHERE kind = 'call'), 0),"
        " coalesce(sum(seconds) FILTER (WHERE kind = 'stopwatch'), 0), count(*) FILTER (WHERE forgotten)"
        " FROM work_spans WHERE agent = ANY(%s) AND ended_at >= %s AND ended_at < %s GROUP BY agent",
        (list(agents), since, until),
    ).fetchall()
    return {agent: Spent(calls, runs, calls + runs, forgotten) for agent, calls, runs, forgotten in rows}


def spent_on(connection: Connection, numbers: Collection[int]) -> dict[tuple[int, str], Spent]:
    """What was spent on these incidents ever, with all that is read as part of them: by number and user."""
    rows: Sequence[tuple[int, str, float, float, int]] = connection.execute(
        "WITH RECURSIVE family AS ("
        "  SELECT number AS root, id FROM incidents WHERE number = ANY(%s)"
        "  UNION ALL SELECT family.root, i.id FROM family, LATERAL"
        "   (SELECT id FROM incidents WHERE merged_into = family.id OFFSET 0) AS i"
        ") SELECT root, agent, coalesce(sum(seconds) FILTER (WHERE kind = 'call'), 0),"
        " coalesce(sum(seconds) FILTER (WHERE kind = 'stopwatch'), 0), count(*) FILTER (WHERE forgotten)"
        " FROM family, LATERAL (SELECT * FROM work_spans WHERE incident = family.id OFFSET 0) AS span"
        " WHERE ended_at IS NOT NULL AND agent <> ''"
        " GROUP BY root, agent ORDER BY root, agent",
        (list(numbers),),
    ).fetchall()
    return {(root, agent): Spent(calls, runs, calls + runs, cut) for root, agent, calls, runs, cut in rows}
