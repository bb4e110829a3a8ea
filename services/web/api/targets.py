"""Service targets over the API."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from pydantic import Field
from starlette.responses import Response

from projections import incidents
from projections.incidents import Target
from schemas.facts.incident import Priority
from services.targets import SECONDS_MAX, SECONDS_MIN, SetTarget
from services.web.api.shapes import Body, Caller, Key, answers, fresh, json
from services.web.parts import Parts
from services.web.routing import Router

Seconds = Annotated[int, Field(ge=SECONDS_MIN, le=SECONDS_MAX)]


class TargetIn(Body):
    """Seconds from the opening; null: none."""

    first_response_seconds: Seconds | None
    resolution_seconds: Seconds | None


class Targets(msgspec.Struct, frozen=True):
    """Of every priority, the most urgent first."""

    items: Sequence[Target]


def router(parts: Parts) -> Router:
    """`/api/v1/targets`."""
    routes = Router(prefix="/api/v1/targets", tags=["administration"])
    database = parts.hub.database

    @routes.get("", responses=answers(Targets), dependencies=[fresh(database, "incidents")])
    async def list_targets() -> Response:
        """How soon incidents of each priority shall be answered and solved."""
        return json(Targets(await database.run(incidents.targets)))

    @routes.put("/{priority}", responses=answers(Targets))
    async def set_target(priority: Priority, body: TargetIn, who: Caller, key: Key) -> Response:
        """From now on, for whatever is not solved yet."""
        request = SetTarget(
            priority=priority,
            first_response_seconds=body.first_response_seconds,
            resolution_seconds=body.resolution_seconds,
        )
        out = await parts.commands.run(request, by=who.name, idempotency_key=key)
        await parts.wait_for(out.position, "incidents")
        return json(Targets(await database.run(incidents.targets)), position=out.position)

    return routes
