"""Work in progress over the API: who works on what, the time it took, and everybody's own stopwatch."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from channels.moment import Moment
from eventstore.database import Connection
from projections import incidents, work, workboard
from projections.page import LIMIT_MAX, Page, read_cursor, write_cursor
from projections.work import Spent, Stopwatch
from projections.workboard import Working
from schemas.errors import InvalidError, NotFoundError
from services.access import users
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    NUMBER_MAX,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    Number,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router
from services.worktime import requests
from services.worktime.decide import LONGEST

_PROJECTIONS = ("work", "calls", "incidents", "customers", "chats")


class SpentBy(msgspec.Struct, frozen=True):
    """What one user spent on an incident."""

    agent: str
    spent: Spent


class IncidentWork(msgspec.Struct, frozen=True):
    """Everything spent on an incident. `running`: stopwatches that go on."""

    number: int
    total: float
    items: list[SpentBy]
    running: list[Stopwatch]


class WorkDone(msgspec.Struct, frozen=True):
    """A stopwatch command's effect: what runs for the one who asked, and for which incident it was."""

    position: int
    number: int | None
    running: Stopwatch | None


class StopIn(Body):
    """`number`: only if it runs for that incident; `seconds`: less than it ran."""

    number: Annotated[int, Field(ge=1, le=NUMBER_MAX)] | None = None
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


def router(parts: Parts) -> Router:
    """`/api/v1/work`, and what belongs to one incident."""
    routes = Router(prefix="/api/v1", tags=["work"])
    database = parts.hub.database
    waits = fresh(database, *_PROJECTIONS)

    @routes.get("/work", responses=answers(Page[Working]), dependencies=[waits])
    async def list_work(
        since: Annotated[Moment | None, Query()] = None,
        until: Annotated[Moment | None, Query()] = None,
        agent: Annotated[str | None, Query(max_length=100)] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Who works on what now, and the time spent: today, or from `since` to `until` (exclusive)."""
        now = datetime.now(UTC)
        begins = since or parts.hub.settings.opening_hours.midnight(now)
        ends = until or max(now, begins) + timedelta(seconds=1)
        if ends <= begins:
            raise InvalidError("not before since", field="until")
        return json(await database.run(_page, begins, ends, now, agent, cursor, limit))

    @routes.get("/incidents/{number}/work", responses=answers(IncidentWork), dependencies=[waits])
    async def get_incident_work(number: Number) -> Response:
        """The time an incident took, by user."""
        found = await database.run(incident_work, number)
        if found is None:
            raise NotFoundError("no such incident")
        return json(found)

    @routes.post("/incidents/{number}/work/start", responses=answers(WorkDone))
    async def start(number: Number, who: Caller, key: Key) -> Response:
        """My stopwatch runs for this incident; what ran for another is stopped."""
        return await run(parts, requests.StartWork(incident=number), who, key)

    @routes.post("/work/stop", responses=answers(WorkDone))
    async def stop(body: StopIn, who: Caller, key: Key) -> Response:
        """My stopwatch stands still."""
        return await run(parts, requests.StopWork(incident=body.number, seconds=body.seconds), who, key)

    return routes


async def run(parts: Parts, request: requests.WorkRequest, who: Caller, key: str | None) -> Response:
    """Run and answer with what runs then."""
    out = await parts.commands.run(request, by=who.name, idempotency_key=key)
    await parts.wait_for(out.position, "work", "incidents")
    running = await parts.hub.database.run(work.running, who.name)
    return json(WorkDone(out.position, out.number, running[0] if running else None), position=out.position)


def incident_work(connection: Connection, number: int) -> IncidentWork | None:
    """The time an incident took; None when there is none of that number."""
    found = incidents.get(connection, number)
    if found is None:
        return None
    spent = [SpentBy(agent, each) for (_, agent), each in work.spent_on(connection, [number]).items()]
    running = [run for run in work.running(connection) if run.number == number]
    return IncidentWork(number, sum(each.spent.total for each in spent), spent, running)


def _page(
    connection: Connection,
    since: datetime,
    until: datetime,
    now: datetime,
    agent: str | None,
    cursor: str | None,
    limit: int,
) -> Page[Working]:
    after = read_cursor(cursor, str) if cursor else ""
    people: Sequence[str] = [name for name in users.assignable(connection) if name > after and agent in {None, name}]
    kept = people[: min(limit, LIMIT_MAX)]
    found = workboard.read(connection, kept, since=since, until=until, now=now, longest_seconds=LONGEST.total_seconds())
    return Page(found, write_cursor(kept[-1]) if len(people) > len(kept) else None)
