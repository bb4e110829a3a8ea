"""`/agent`: the incidents, filtered and searched, the last changed first."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from channels.text import one_line
from projections import incidents
from projections.page import Page
from services.access import users
from services.web.api.shapes import POSITION_MAX
from services.web.pages import posted
from services.web.pages.screen import Screen
from services.web.pages.words import CHANNEL, STATUS
from services.web.parts import Parts

_NOBODY = "-"


def router(parts: Parts, screen: Screen) -> APIRouter:
    """The list an agent begins the day with."""
    routes = APIRouter(include_in_schema=False)
    database = parts.hub.database

    @routes.get("/agent")
    async def inbox(
        request: Request,
        status: str = "",
        channel: str = "",
        assignee: Annotated[str, Query(max_length=100)] = "",
        q: Annotated[str, Query(max_length=300)] = "",
        cursor: Annotated[str, Query(max_length=500)] = "",
        part: str = "",
        min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    ) -> Response:
        asked = {
            "status": status if status in STATUS else "",
            "channel": channel if channel in CHANNEL else "",
            "assignee": one_line(assignee),
            "q": one_line(q),
        }
        if min_position:
            await parts.wait_for(min_position, "incidents", "customers", "timeline")
        shown: dict[str, object] = {"problem": ""}
        code = 200
        position = await parts.folded("incidents", "customers", "timeline")
        try:
            found = await database.run(
                incidents.find,
                status=asked["status"] or None,
                channel=asked["channel"] or None,
                assignee=None if not asked["assignee"] else "" if asked["assignee"] == _NOBODY else asked["assignee"],
                q=asked["q"] or None,
                cursor=cursor or None,
            )
        except posted.REFUSALS as error:
            code, _, shown = posted.refusal(error)
            found = Page[incidents.Incident]([])
        link = _links(asked)
        context = {
            "items": found.items,
            "next_link": link(cursor=found.next_cursor) if found.next_cursor else "",
            "fragment": request.scope["path"] + link(part="rows", cursor=cursor or None),
            "asked": asked,
            "position": position,
            "link": link,
        }
        if part == "rows":
            return screen.render(request, "agent/inbox_rows.html", context)
        context["people"] = await database.run(users.assignable)
        return screen.render(request, "agent/inbox.html", context | shown, status=code)

    return routes


def _links(asked: dict[str, str]) -> Callable[..., str]:
    def link(**changed: str | None) -> str:
        wanted = {name: value for name, value in (asked | changed).items() if value}
        return f"?{urlencode(wanted)}" if wanted else ""

    return link
