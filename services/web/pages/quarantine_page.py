"""`/agent/quarantine`: what could not be handled, to be tried again or given up by a person."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from channels.text import one_line
from services import quarantine
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts


def router(parts: Parts, screen: Screen) -> APIRouter:
    """The held records."""
    routes = APIRouter(include_in_schema=False)
    hub = parts.hub

    async def page(cursor: str, shown: Mapping[str, object]) -> dict[str, object]:
        found = await hub.database.run(quarantine.find, cursor=cursor or None)
        return {"items": found.items, "next_cursor": found.next_cursor, "problem": "", "errors": (), **shown}

    @routes.get("/agent/quarantine")
    async def show(request: Request, cursor: Annotated[str, Query(max_length=500)] = "") -> Response:
        return screen.render(request, "agent/quarantine.html", await page(cursor, {}))

    @routes.post("/agent/quarantine/{item}/{action}")
    async def act(request: Request, item: UUID, action: Literal["reprocess", "release", "discard"]) -> Response:
        fields = await posted.fields(request)
        by = caller(request).name
        try:
            if action == "discard":
                await hub.access.run(by, quarantine.discard, item, one_line(fields.get("reason", "")))
            else:
                again = quarantine.release if action == "release" else quarantine.reprocess
                await again(hub.access, hub.log, item, by=by)
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await page("", shown)
            return screen.render(request, "agent/quarantine.html", context, status=status, headers=headers)
        return redirect(request, "/agent/quarantine")

    return routes
