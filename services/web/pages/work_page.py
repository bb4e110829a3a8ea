"""`/agent/work`: who works on what now and the time it took; and the stopwatch of whoever looks."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeAlias

from fastapi import Path, Query, Request
from starlette.responses import Response

from eventstore.database import Connection
from projections import workboard
from projections.workboard import Working
from schemas.errors import InvalidError, NotFoundError
from schemas.ids import utc
from services.access import users
from services.web.api.shapes import NUMBER_MAX
from services.web.api.work import incident_work
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.call_pages import Position
from services.web.pages.call_view import views
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router
from services.worktime import requests
from services.worktime.decide import LONGEST

_Page: TypeAlias = Callable[[date | None, Mapping[str, object]], Awaitable[dict[str, object]]]
_PROJECTIONS = ("work", "calls", "incidents", "customers", "chats")


def router(parts: Parts, screen: Screen) -> Router:
    """Work in progress."""
    routes = Router(include_in_schema=False)
    database, hours = parts.hub.database, parts.hub.settings.opening_hours

    async def page(day: date | None, shown: Mapping[str, object]) -> dict[str, object]:
        position = await parts.folded(*_PROJECTIONS)
        now = datetime.now(UTC)
        chosen = day or now.astimezone(hours.zone).date()
        since = utc(datetime.combine(chosen, time(), hours.zone))
        people, working = await database.run(_read, since, since + timedelta(days=1), now)
        return {
            "people": people,
            "working": working,
            "day": chosen,
            "position": position,
            "problem": "",
            "errors": (),
            **shown,
        }

    @routes.get("/agent/work")
    async def show(
        request: Request,
        day: Annotated[str, Query(max_length=20)] = "",
        part: str = "",
        min_position: Position = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, *_PROJECTIONS)
        template = "agent/work_list.html" if part == "list" else "agent/work.html"
        return screen.render(request, template, await page(_day(day), {}))

    @routes.get("/agent/work/{number}")
    async def of_incident(
        request: Request, number: Annotated[int, Path(ge=1, le=NUMBER_MAX)], min_position: Position = 0
    ) -> Response:
        """The piece that an incident's page shows: the time it took, and its stopwatch."""
        if min_position:
            await parts.wait_for(min_position, *_PROJECTIONS)
        found = await database.run(incident_work, number)
        if found is None:
            raise NotFoundError("no such incident")
        own = next((run for run in found.running if run.agent == caller(request).name), None)
        return screen.render(request, "agent/work_on.html", {"took": found, "own": own})

    _stopwatch(routes, parts, screen, page)
    return routes


def _stopwatch(routes: Router, parts: Parts, screen: Screen, page: _Page) -> None:
    @routes.post("/agent/work/start")
    async def start(request: Request) -> Response:
        fields = await posted.fields(request)
        number = posted.number(fields.get("incident", ""))
        if number is None:
            raise InvalidError("which incident?", field="incident")
        out = await parts.commands.run(requests.StartWork(incident=number), by=caller(request).name)
        return redirect(request, f"/agent/incidents/{number}", min_position=out.position, done="work_started")

    @routes.post("/agent/work/stop")
    async def stop(request: Request, part: str = "") -> Response:
        fields = await posted.fields(request)
        try:
            out = await parts.commands.run(requests.StopWork(seconds=_seconds(fields)), by=caller(request).name)
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            return screen.render(request, "agent/work.html", await page(None, shown), status=status, headers=headers)
        place = "/agent/calls/mine" if part == "mine" else "/agent/work"
        done = None if part == "mine" else "work_stopped"
        return redirect(request, place, min_position=out.position, done=done)


def _read(
    connection: Connection, since: datetime, until: datetime, now: datetime
) -> tuple[list[str], list[dict[str, object]]]:
    """Everybody, those who did something first."""
    people = users.assignable(connection)
    found = workboard.read(
        connection, people, since=since, until=until, now=now, longest_seconds=LONGEST.total_seconds()
    )
    found.sort(key=_busy)
    shown: list[dict[str, object]] = [{"who": each, "calls": views(each.calls)} for each in found]
    return people, shown


def _busy(one: Working) -> tuple[bool, bool, float, bool]:
    return not one.calls and not one.chats, one.stopwatch is None, -one.spent.total, not one.incidents


def _day(text: str) -> date | None:
    try:
        return min(date.fromisoformat(text), date.max - timedelta(days=2))
    except ValueError:
        return None


def _seconds(fields: Mapping[str, str]) -> float | None:
    """Minutes as people write them; nothing: as long as it ran."""
    text = fields.get("minutes", "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 5:  # noqa: PLR2004 -- more than a month of minutes
        raise InvalidError("whole minutes", field="minutes")
    return float(text) * 60
