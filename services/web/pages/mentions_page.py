"""`/agent/mentions`: notes that call whoever looks, and how many they have not read."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from projections import casework
from services.web.api.casework import see_mentions
from services.web.api.shapes import POSITION_MAX
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """A list and its number."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    @routes.get("/agent/mentions")
    async def show(
        request: Request,
        cursor: Annotated[str, Query(max_length=500)] = "",
        min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, "casework")
        position = await parts.folded("casework")
        page = await database.run(casework.mentions, caller(request).name, cursor=cursor or None)
        return screen.render(request, "agent/mentions.html", {"page": page, "position": position})

    @routes.get("/agent/mentions/count")
    async def count(request: Request, min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "casework")
        unseen = await database.run(casework.unseen, caller(request).name)
        return screen.render(request, "agent/mentions_count.html", {"unseen": unseen})

    @routes.post("/agent/mentions")
    async def seen(request: Request) -> Response:
        fields = await posted.fields(request)
        position = fields.get("position", "")
        if position.isdecimal() and len(position) < 18:  # noqa: PLR2004 -- what a bigint holds
            await database.run(see_mentions, caller(request).name, int(position))
        return redirect(request, "/agent/mentions")

    return routes
