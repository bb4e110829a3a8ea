"""Who works on what now: calls, stopwatches, incidents in progress, and the time each took. Put together at read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from eventstore.database import Connection
from projections import calls, incidents, work
from projections.calls import Call
from projections.work import Spent

_INCIDENTS_MAX = 20


class WorkOn(msgspec.Struct, frozen=True):
    """An incident that a user has. `seconds`: they spent on it, ever."""

    number: int
    subject: str
    status: str
    seconds: float


class Chatting(msgspec.Struct, frozen=True):
    """A live chat that a user has accepted. `number`: its incident's, as read now."""

    id: UUID
    number: int | None
    name: str
    since: datetime


class Run(msgspec.Struct, frozen=True):
    """A stopwatch that runs. `seconds`: so far; `overdue`: longer than would count."""

    number: int | None
    started_at: datetime
    seconds: float
    overdue: bool


class Working(msgspec.Struct, frozen=True):
    """A user at work. `chats`: those they have accepted; `spent`: on what ended in the time asked for."""

    agent: str
    calls: list[Call]
    stopwatch: Run | None
    chats: list[Chatting]
    incidents: list[WorkOn]
    spent: Spent


def read(
    connection: Connection,
    agents: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    longest_seconds: float,
) -> list[Working]:
    """These users, in this order."""
    talking = [call for call in calls.going_on(connection) if call.agent in agents]
    chats = _chats(connection, agents)
    runs = {run.agent: run for run in work.running(connection)}
    rows: Sequence[tuple[str, int, str, str]] = connection.execute(
        "SELECT people.name, i.number, i.subject, i.status FROM unnest(%s::text[]) AS people (name), LATERAL ("
        "  SELECT number, subject, coalesce(family_status, status) AS status,"
        "  coalesce(family_updated_at, updated_at) AS last_at FROM incidents WHERE assignee = people.name"
        "  AND (stands IN ('new', 'open', 'waiting') OR stands = 'snoozed')"
        "  ORDER BY last_at DESC, number DESC LIMIT %s"
        ") i ORDER BY i.last_at DESC, i.number DESC",
        (list(agents), _INCIDENTS_MAX),
    ).fetchall()
    spent_on = work.spent_on(connection, {number for _, number, _, _ in rows})
    spent = work.spent_by(connection, agents, since, until)
    nothing = Spent()
    return [
        Working(
            agent=agent,
            calls=[call for call in talking if call.agent == agent],
            stopwatch=_run(runs[agent], now, longest_seconds) if agent in runs else None,
            chats=[chat for name, chat in chats if name == agent],
            incidents=[
                WorkOn(number, subject, status, spent_on.get((number, agent), nothing).total)
                for name, number, subject, status in rows
                if name == agent
            ],
            spent=spent.get(agent, nothing),
        )
        for agent in agents
    ]


def _chats(connection: Connection, agents: Sequence[str]) -> list[tuple[str, Chatting]]:
    rows: Sequence[tuple[str, UUID, UUID, str, datetime]] = connection.execute(
        "SELECT agent, id, incident, name, coalesce(accepted_at, requested_at) FROM chats"
        " WHERE state = 'active' AND agent = ANY(%s) ORDER BY position",
        (list(agents),),
    ).fetchall()
    numbers = incidents.roots(connection, [incident for _, _, incident, _, _ in rows])
    return [(agent, Chatting(chat, numbers.get(incident), name, since)) for agent, chat, incident, name, since in rows]


def _run(run: work.Stopwatch, now: datetime, longest_seconds: float) -> Run:
    seconds = max(0.0, (now - run.started_at).total_seconds())
    return Run(run.number, run.started_at, seconds, overdue=seconds > longest_seconds)
