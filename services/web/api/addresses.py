"""Muted addresses over the API: an agent says that mail arrives there again."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import msgspec
from starlette.responses import Response

from services.muting.requests import Unmute
from services.web.api.customers import AddressIn
from services.web.api.shapes import Caller, Key, answers, json
from services.web.parts import Parts
from services.web.routing import Router


class Unmuted(msgspec.Struct, frozen=True):
    """It was muted, and is no more."""

    position: int


def router(parts: Parts) -> Router:
    """One route."""
    routes = Router(prefix="/api/v1/addresses", tags=["customers"])

    @routes.post("/unmute", responses=answers(Unmuted))
    async def unmute(body: AddressIn, who: Caller, key: Key) -> Response:
        """What is automatic is sent to this address again. 409 where nothing was held back from it."""
        out = await parts.commands.run(Unmute(address=body.address), by=who.name, idempotency_key=key)
        await parts.wait_for(out.position, "mutes")
        return json(Unmuted(out.position), position=out.position, undo=out.undo)

    return routes
