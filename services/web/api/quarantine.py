"""Quarantine over the API: what could not be handled, its bytes, and a second chance."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from uuid import UUID

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from services import quarantine
from services.quarantine import HeldPage
from services.web.api.shapes import LIMIT_DEFAULT, Body, Caller, Cursor, Limit, Line, answers, json
from services.web.parts import Parts


class Resolved(msgspec.Struct, frozen=True):
    """What became of it."""

    id: UUID
    state: str


class DiscardIn(Body):
    """Why it is given up."""

    reason: Line


def router(parts: Parts) -> APIRouter:
    """`/api/v1/quarantine`."""
    routes = APIRouter(prefix="/api/v1/quarantine", tags=["quarantine"])
    hub = parts.hub

    @routes.get("", responses=answers(HeldPage))
    async def list_held(cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Response:
        """What is held, newest first."""
        return json(await hub.database.run(quarantine.find, cursor=cursor, limit=limit))

    @routes.get("/{item}/raw", response_class=Response)
    async def raw(item: UUID) -> Response:
        """Its bytes as they came."""
        headers = {
            "Content-Disposition": f'attachment; filename="{item}.bin"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        data = await hub.database.run(quarantine.raw, item)
        return Response(data, media_type="application/octet-stream", headers=headers)

    @routes.post("/{item}/reprocess", status_code=202, responses=answers(Resolved, 202))
    async def reprocess(item: UUID, who: Caller) -> Response:
        """Put it on its log again."""
        await quarantine.reprocess(hub.access, hub.log, item, by=who.name)
        return json(Resolved(item, "reprocessed"), 202)

    @routes.post("/{item}/release", status_code=202, responses=answers(Resolved, 202))
    async def release(item: UUID, who: Caller) -> Response:
        """Let it in as it is: whatever held it holds it no more."""
        await quarantine.release(hub.access, hub.log, item, by=who.name)
        return json(Resolved(item, "released"), 202)

    @routes.post("/{item}/discard", responses=answers(Resolved))
    async def discard(item: UUID, body: DiscardIn, who: Caller) -> Response:
        """Give it up, saying why; its bytes stay."""
        done = await hub.access.run(who.name, quarantine.discard, item, body.reason)
        return json(Resolved(item, "discarded"), position=done.position)

    return routes
