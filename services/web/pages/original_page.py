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
    blobs = parts.hub.blobs

    @routes.get("/agent/interactions/{interaction}/original")
    async def show(request: Request, interaction: UUID, pictures: str = "") -> Response:
        found = await parts.hub.database.run(timeline.original, interaction)
        if found is None:
            raise NotFoundError("no such interaction")
        size = await asyncio.to_thread(blobs.size, found.raw) if found.raw else 0
        begins = await asyncio.to_thread(blobs.piece, found.raw, 0, min(size, RAW_MAX_BYTES)) if size else b""
        html = await asyncio.to_thread(blobs.get, found.html) if found.html else b""
        safe = html.decode(errors="replace")
        context = {
            "blocked": blocked(safe),
            "misleading": misleading(safe),
            "interaction": interaction,
            "original": found,
            "headers": headers_of(begins) if begins else "",
            "whole": size <= RAW_MAX_BYTES,
            "pictures": bool(pictures),
        }
        return screen.render(request, "agent/original.html", context)

    return routes
