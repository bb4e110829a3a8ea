"""`/agent/interactions/{id}/original`: an interaction as it came, quotes, headers and HTML too. Opens in a box."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from channels.email.original import RAW_MAX_BYTES, headers_of
from channels.email.words.links import misleading
from channels.email.words.pictures import blocked
from projections import timeline
from schemas.errors import NotFoundError
from services.web.pages.screen import Screen
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """One page."""
    routes = Router(include_in_schema=False)

    @routes.get("/agent/interactions/{interaction}/original")
    async def show(request: Request, interaction: UUID, pictures: str = "") -> Response:
        found = await parts.hub.database.run(timeline.original, interaction)
        if found is None:
            raise NotFoundError("no such interaction")
        raw = await asyncio.to_thread(parts.hub.blobs.get, found.raw) if found.raw else b""
        html = await asyncio.to_thread(parts.hub.blobs.get, found.html) if found.html else b""
        safe = html.decode(errors="replace")
        context = {
            "blocked": blocked(safe),
            "misleading": misleading(safe),
            "interaction": interaction,
            "original": found,
            "headers": headers_of(raw) if raw else "",
            "whole": len(raw) <= RAW_MAX_BYTES,
            "pictures": bool(pictures),
        }
        return screen.render(request, "agent/original.html", context)

    return routes
