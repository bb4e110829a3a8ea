"""A command over the API, answered with what it is about as that reads then. For routes of single things."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from starlette.responses import Response

from eventstore.database import Connection
from schemas.errors import LogUnavailableError
from services.deciders import Request
from services.web.api.shapes import json
from services.web.parts import Parts


async def done(
    parts: Parts,
    request: Request,
    by: str,
    key: str | None,
    read: Callable[[Connection, UUID], object | None],
    *views: str,
    status: int = 200,
) -> Response:
    """Run it, wait for these views, and show what `read` finds. Raises what the command does, LogUnavailableError."""
    out = await parts.commands.run(request, by=by, idempotency_key=key)
    await parts.wait_for(out.position, *views)
    shown = await parts.hub.database.run(read, out.subject)
    if shown is None:
        # recorded all the same; the same Idempotency-Key finds it once the projections are there
        raise LogUnavailableError("recorded, but not readable yet")
    return json(shown, status, position=out.position, undo=out.undo)
