"""`/admin/audit`: who came in, who was not let in, and what changed about who may. Newest first."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from projections import access_log
from services.web.api.shapes import Cursor, SearchWords
from services.web.pages import posted
from services.web.pages.screen import Screen
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """For admins."""
    routes = Router(include_in_schema=False)

    @routes.get("/admin/audit")
    async def show(
        request: Request,
        who: SearchWords = None,
        fact: str = "",
        cursor: Cursor = None,
        min_position: posted.Position = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, "access_log")
        known = fact if fact in access_log.NAMES else ""
        asked = (who or "").strip()
        found = await parts.hub.database.run(access_log.find, who=asked, fact=known, cursor=cursor)
        context = {
            "items": found.items,
            "next_cursor": found.next_cursor,
            "who": asked,
            "fact": known,
            "names": access_log.NAMES,
        }
        return screen.render(request, "admin/audit.html", context)

    return routes
