"""`/api/v1/live`: server-sent events, one for each recorded fact. The stream itself is services/web/live.py."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response, StreamingResponse

from schemas.errors import RateLimitedError
from services.web.api.shapes import POSITION_MAX
from services.web.parts import Parts

MEDIA_TYPE = "text/event-stream"
# no proxy may collect or change it
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


def router(parts: Parts) -> APIRouter:
    """`/api/v1/live`."""
    routes = APIRouter(prefix="/api/v1/live", tags=["live"])

    @routes.get("", response_class=StreamingResponse, responses={200: {"content": {MEDIA_TYPE: {}}}})
    async def live(last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None) -> Response:
        """What changes from now on, or since the event last seen."""
        if parts.live.full:
            raise RateLimitedError("too many live connections", retry_after=30)
        after = int(last) if last and last.isdecimal() else None
        stream = parts.live.stream(min(after, POSITION_MAX) if after is not None else None)
        return StreamingResponse(stream, media_type=MEDIA_TYPE, headers=_HEADERS)

    return routes
