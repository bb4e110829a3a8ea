"""The read models over the API: how they stand, and their rebuild. For whoever runs the hub."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import msgspec
from starlette.responses import Response

from eventstore.database import Connection
from services import quarantine
from services.rebuild import standing
from services.rebuild.standing import Standing
from services.web.api.shapes import Caller, answers, json
from services.web.parts import Parts
from services.web.routing import Router


class Standings(msgspec.Struct, frozen=True):
    """All of them, and how many records are held in quarantine."""

    items: list[Standing]
    next_cursor: str | None
    quarantined: int


class RebuildAsked(msgspec.Struct, frozen=True):
    """What was asked for; how it goes on stands in the list."""

    name: str
    state: str


def router(parts: Parts) -> Router:
    """`/api/v1/projections`."""
    routes = Router(prefix="/api/v1/projections", tags=["projections"])

    @routes.get("", responses=answers(Standings))
    async def list_projections() -> Response:
        """Every read model: version, lag, parked streams, rebuild."""
        return json(await parts.hub.database.run(standings))

    @routes.post("/{name}/rebuild", status_code=202, responses=answers(RebuildAsked, 202))
    async def rebuild(name: str, who: Caller) -> Response:
        """Compute it anew beside the live one; begin, or go on with a stopped one."""
        await parts.rebuilds.start(name, by=who.name)
        return json(RebuildAsked(name, "rebuilding"), 202)

    @routes.post("/{name}/cancel", status_code=202, responses=answers(RebuildAsked, 202))
    async def cancel(name: str, who: Caller) -> Response:
        """Stop its rebuild, whoever runs it; what was loaded is kept."""
        await parts.rebuilds.cancel(name, by=who.name)
        return json(RebuildAsked(name, "stopping"), 202)

    return routes


def standings(connection: Connection) -> Standings:
    """As they are now."""
    return Standings(standing.look(connection), None, quarantine.count_held(connection))
