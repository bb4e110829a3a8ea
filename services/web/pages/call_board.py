"""`/agent/calls`: what rings and who talks, who wants to be called back, and the calls of a day."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.opening_hours import OpeningHours
from channels.text import one_line
from projections import callbacks, calls
from projections.calls import Call
from projections.page import Page
from schemas.errors import InvalidError, NotFoundError
from schemas.ids import utc
from services.access import users
from services.callbacks import requests
from services.web.guard import caller
from services.web.pages import posted, windows
from services.web.pages.call_pages import PROJECTIONS, Position
from services.web.pages.call_view import views
from services.web.pages.call_words import LOOK
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_Page: TypeAlias = Callable[[Request, "Asked", Mapping[str, object]], Awaitable[dict[str, object]]]
_PARTS = {"now": "agent/calls_now.html", "callbacks": "agent/calls_callbacks.html", "list": "agent/calls_list.html"}


@dataclass(frozen=True)
class Asked:
    """The filters. `day` None: any."""

    agent: str
    state: str
    number: str
    day: date | None
    cursor: str

    def link(self, **changed: str) -> str:
        """The same question with something changed."""
        asked = {
            "agent": self.agent,
            "state": self.state,
            "number": self.number,
            "day": self.day.isoformat() if self.day else "",
        }
        return "?" + urlencode({**asked, **changed})


def router(parts: Parts, screen: Screen) -> Router:
    """The board and its lists."""
    routes = Router(include_in_schema=False)
    database, hours = parts.hub.database, parts.hub.settings.opening_hours

    async def page(request: Request, asked: Asked, shown: Mapping[str, object]) -> dict[str, object]:
        position = await parts.folded(*PROJECTIONS, "callbacks")
        since, until = _times(asked.day, hours)
        problem: dict[str, object] = {"problem": "", "errors": ()}
        try:
            found = await database.run(
                calls.find,
                agent=asked.agent or None,
                state=asked.state or None,
                number=asked.number or None,
                since=since,
                until=until,
                cursor=asked.cursor or None,
            )
        except posted.REFUSALS as error:
            _, _, problem = posted.refusal(error)
            found = Page[Call]([])
        now = datetime.now(UTC)
        going_on = views(await database.run(calls.going_on))
        return {
            "now": now,
            "ringing": [each for each in going_on if each.look == "ringing"],
            "talking": [each for each in going_on if each.look != "ringing"],
            "callbacks": await database.run(callbacks.due),
            "items": views(found.items),
            "next_link": asked.link(cursor=found.next_cursor) if found.next_cursor else "",
            "asked": asked,
            "link": asked.link,
            "today": hours.midnight(now).astimezone(hours.zone).date(),
            "days": windows.days(hours, hours.zone, screen.language(request)),
            "zone": hours.zone.key,
            "people": await database.run(users.assignable),
            "position": position,
            **problem,
            **shown,
        }

    @routes.get("/agent/calls")
    async def show(
        request: Request,
        agent: Annotated[str, Query(max_length=100)] = "",
        state: str = "",
        number: Annotated[str, Query(max_length=64)] = "",
        day: str | None = None,
        cursor: Annotated[str, Query(max_length=500)] = "",
        part: str = "",
        min_position: Position = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, *PROJECTIONS, "callbacks")
        asked = Asked(
            agent=one_line(agent),
            state=state if state in LOOK else "",
            number=one_line(number),
            day=_day(day, hours),
            cursor=cursor,
        )
        return screen.render(request, _PARTS.get(part, "agent/calls.html"), await page(request, asked, {}))

    _calling_back(routes, parts, screen, page)
    return routes


def _calling_back(routes: Router, parts: Parts, screen: Screen, page: _Page) -> None:
    @routes.post("/agent/callbacks/{callback}/{action}")
    async def act(request: Request, callback: str, action: str) -> Response:
        fields = await posted.fields(request)
        try:
            make = _asked_of(posted.uuid(callback, "callback"), action, fields)
            out = await parts.commands.run(make, by=caller(request).name)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            hours = parts.hub.settings.opening_hours
            context = await page(request, Asked("", "", "", _day(None, hours), ""), shown)
            return screen.render(request, "agent/calls.html", context, status=status, headers=headers)
        return redirect(request, "/agent/calls", min_position=out.position, done=f"callback_{action}", undo=out.undo)


def _asked_of(wish: UUID, action: str, fields: Mapping[str, str]) -> requests.CallbackRequest:
    match action:
        case "take":
            return requests.TakeCallback(callback=wish)
        case "release":
            return requests.ReleaseCallback(callback=wish)
        case "reschedule":
            since, until = _window(fields)
            return requests.RescheduleCallback(callback=wish, since=since, until=until)
        case "done":
            return requests.FinishCallback(callback=wish)
        case "cancel":
            return requests.CancelCallback(callback=wish, reason=one_line(fields.get("reason", "")))
        case _:
            raise NotFoundError("no such action")


def _window(fields: Mapping[str, str]) -> tuple[datetime, datetime]:
    since, until = windows.chosen(fields)
    try:
        found = datetime.fromisoformat(since), datetime.fromisoformat(until)
    except ValueError as error:
        raise InvalidError("choose one", field="window") from error
    if any(moment.tzinfo is None for moment in found):
        raise InvalidError("choose one", field="window")
    return found


def _day(text: str | None, hours: OpeningHours) -> date | None:
    """Today unless one says otherwise; an emptied field is any day, and so is nonsense."""
    if text is None:
        return datetime.now(hours.zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _times(day: date | None, hours: OpeningHours) -> tuple[datetime | None, datetime | None]:
    if day is None:
        return None, None
    try:
        after = day + timedelta(days=1)
    except OverflowError:
        return None, None
    return utc(datetime.combine(day, time(), hours.zone)), utc(datetime.combine(after, time(), hours.zone))
