"""Teams over the API: everybody may know them, admins change them."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from projections.page import Page
from schemas.errors import NotFoundError
from services.access import changes, teams
from services.access.teams import Team
from services.web.api.shapes import Body, Caller, Line, MaybeLine, answers, json
from services.web.parts import Parts

_MEMBERS_MAX = 1000

_Members = Annotated[tuple[Line, ...], Field(max_length=_MEMBERS_MAX)]


class TeamShape(msgspec.Struct, frozen=True):
    """A team. `name` stands in facts and never changes, `title` is what people read.

    `closed`: its incidents are seen by its members, by who has one, and by admins and analysts; by no other agent.
    """

    name: str
    title: str
    members: list[str]
    created_at: datetime
    closed: bool


class TeamDone(msgspec.Struct, frozen=True):
    """A change; `team` None once it is retired."""

    position: int
    team: TeamShape | None


class TeamIn(Body):
    """A new team; without a title its name is shown."""

    name: Line
    title: MaybeLine = ""
    members: _Members = ()
    closed: bool = False


class TeamChangeIn(Body):
    """What is left out stays; `members` are exactly these."""

    title: Line | None = None
    members: _Members | None = None
    closed: bool | None = None


def router(parts: Parts) -> APIRouter:
    """`/api/v1/teams`."""
    routes = APIRouter(prefix="/api/v1/teams", tags=["access"])
    database, access = parts.hub.database, parts.hub.access

    async def shown(name: str) -> TeamShape | None:
        found = await database.run(teams.list_teams)
        return next((_shape(team) for team in found if team.name == name), None)

    @routes.get("", responses=answers(Page[TeamShape]))
    async def list_teams() -> Response:
        """All, by title."""
        return json(Page([_shape(team) for team in await database.run(teams.list_teams)]))

    @routes.get("/{name}", responses=answers(TeamShape))
    async def get_team(name: str) -> Response:
        """One of them."""
        found = await shown(name)
        if found is None:
            raise NotFoundError("no such team")
        return json(found)

    @routes.post("", status_code=201, responses=answers(TeamDone, 201))
    async def add_team(body: TeamIn, who: Caller) -> Response:
        """A new team."""
        done = await access.run(who.name, changes.add_team, body.name, body.title, body.members, closed=body.closed)
        return json(TeamDone(done.position, await shown(done.value)), 201, position=done.position)

    @routes.patch("/{name}", responses=answers(TeamDone))
    async def change_team(name: str, body: TeamChangeIn, who: Caller) -> Response:
        """Its title, who is in it, or whether it is closed."""
        done = await access.run(who.name, changes.change_team, name, body.title, body.members, closed=body.closed)
        return json(TeamDone(done.position, await shown(name)), position=done.position)

    @routes.post("/{name}/retire", responses=answers(TeamDone))
    async def retire_team(name: str, who: Caller) -> Response:
        """Give nothing more to it."""
        done = await access.run(who.name, teams.retire_team, name)
        return json(TeamDone(done.position, None), position=done.position)

    return routes


def _shape(team: Team) -> TeamShape:
    return TeamShape(team.name, team.title, list(team.members), team.created_at, team.closed)
