"""`POST /api/v1/signals`: an agent's browser says what its user is doing right now. services/signals.py carries it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated

import msgspec
from pydantic import StringConstraints
from starlette.responses import Response

from channels.limits import Limit, Rate
from schemas.errors import InvalidError
from services.chats.house import PRESENCE
from services.web.api.shapes import Body, Caller, answers, json
from services.web.parts import Parts
from services.web.routing import Router

OF_ONE_USER = Rate(burst=30, per_second=5.0)


class SignalIn(Body):
    """`topic`: a stream. `kind`: what its user is doing there."""

    topic: Annotated[str, StringConstraints(max_length=80, pattern=r"^[a-z_]{1,20}/[A-Za-z0-9-]{1,59}$")]
    kind: Annotated[str, StringConstraints(max_length=20, pattern=r"^[a-z_]+$")]


class SignalSent(msgspec.Struct, frozen=True):
    """`sent`: false when the same was sent just now, or too many wait."""

    sent: bool


def router(parts: Parts) -> Router:
    """`/api/v1/signals`."""
    routes = Router(prefix="/api/v1/signals", tags=["live"])
    limit = Limit(OF_ONE_USER, on=parts.hub.settings.rate_limit)

    @routes.post("", status_code=202, responses=answers(SignalSent, 202))
    async def send_signal(body: SignalIn, who: Caller) -> Response:
        """Tell open screens what one is doing: about an incident, those of who is there too. Nothing is recorded."""
        limit.take(who.name)
        if body.topic == PRESENCE:
            raise InvalidError("customers are told this: turn the switch instead", field="topic")
        return json(SignalSent(parts.signals.send(body.topic, body.kind, who.name)), 202)

    return routes
