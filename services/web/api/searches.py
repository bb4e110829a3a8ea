"""Saved searches over the API: one's own, and what is shared with one's teams."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import StringConstraints
from starlette.responses import Response

from services import searches
from services.searches import SavedSearch
from services.web.api.shapes import Body, Caller, Line, answers, json
from services.web.parts import Parts
from services.web.routing import Router


class SearchIn(Body):
    """`query`: the filters as in the inbox' address, `view=mine&tag=vip`. `team`: one of one's own, to share with."""

    name: Line
    query: Annotated[str, StringConstraints(max_length=2000)]
    team: Line | None = None


class ChangeIn(Body):
    """Its name, and whom it is shared with."""

    name: Line
    team: Line | None = None


class Searches(msgspec.Struct, frozen=True):
    """One's own first."""

    items: Sequence[SavedSearch]


def router(parts: Parts) -> Router:
    """`/api/v1/searches`."""
    routes = Router(prefix="/api/v1/searches", tags=["incidents"])
    database = parts.hub.database

    async def answer(who: Caller, status: int = 200) -> Response:
        return json(Searches(await database.run(searches.listed, who.name, who.teams)), status)

    @routes.get("", responses=answers(Searches))
    async def list_searches(who: Caller) -> Response:
        """What the caller kept, and what others share with the caller's teams."""
        return await answer(who)

    @routes.post("", status_code=201, responses=answers(Searches, 201))
    async def save(body: SearchIn, who: Caller) -> Response:
        """Keep a search."""
        await database.run(searches.save, who.name, who.teams, body.name, body.query, body.team)
        return await answer(who, 201)

    @routes.patch("/{search}", responses=answers(Searches))
    async def change(search: UUID, body: ChangeIn, who: Caller) -> Response:
        """Call it something else, share it or no longer."""
        await database.run(searches.change, who.name, who.teams, search, name=body.name, team=body.team)
        return await answer(who)

    @routes.delete("/{search}", responses=answers(Searches))
    async def delete(search: UUID, who: Caller) -> Response:
        """Forget it."""
        await database.run(searches.delete, who.name, search)
        return await answer(who)

    return routes
