"""`/live`, `/api/v1/live` too: server-sent events, one for each recorded fact. The stream is services/web/live.py."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse

from schemas.errors import RateLimitedError, RetryableError
from services.web.api.shapes import POSITION_MAX
from services.web.guard import caller
from services.web.parts import Parts
from services.web.routing import Router

MEDIA_TYPE = "text/event-stream"
RECHECK_SECONDS = 60.0
"""So long a stream may outlive the session or token that opened it."""
# no proxy may collect or change it
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


def router(parts: Parts) -> Router:
    """Under both addresses."""
    routes = Router(tags=["live"])

    @routes.get("/live", response_class=StreamingResponse, responses={200: {"content": {MEDIA_TYPE: {}}}})
    @routes.get("/api/v1/live", response_class=StreamingResponse, responses={200: {"content": {MEDIA_TYPE: {}}}})
    async def live(
        request: Request,
        last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
        after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="Begin behind this position")] = None,
    ) -> Response:
        """What changes from now on, or since the event last seen."""
        if parts.live.full:
            raise RateLimitedError("too many live connections", retry_after=30)
        # a browser that comes back says so in the header; the address still has where it began
        seen = min(int(last), POSITION_MAX) if last and last.isdecimal() else after
        stream = _while_let_in(parts, request, parts.live.stream(seen, caller(request).name))
        return StreamingResponse(stream, media_type=MEDIA_TYPE, headers=_HEADERS)

    return routes


async def _while_let_in(parts: Parts, request: Request, stream: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The stream, until whoever opened it signed out or was not let in any more."""
    checked = time.monotonic()
    async with aclosing(stream):
        async for frame in stream:
            if time.monotonic() - checked >= RECHECK_SECONDS:
                checked = time.monotonic()
                try:
                    if await parts.guard.identify(request) is None:
                        return
                except RetryableError:
                    pass  # nobody can be asked now; later
            yield frame
