"""Teams over the API: everybody may know them, admins change them."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from pydantic import Field
from starlette.responses import Response

from channels.email.mailboxes import Mailboxes
from eventstore.database import Connection
from projections.page import Page
from schemas.errors import NotFoundError
from services.access import changes, team_mail, teams
from services.access.team_mail import TeamMail
from services.access.teams import Team
from services.web.api.shapes import Body, Caller, Line, MaybeLine, Notes, answers, json
from services.web.parts import Parts
from services.web.routing import Router

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
    mail: TeamMail


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


class TeamMailIn(Body):
    """How its answers go out; what is empty is as without a team. Signatures may hold `{agent}` and `{team}`."""

    mailbox: MaybeLine = ""
    sender: MaybeLine = ""
    signature_es: Notes = ""
    signature_en: Notes = ""


class TeamChangeIn(Body):
    """What is left out stays; `members` are exactly these."""

    title: Line | None = None
    members: _Members | None = None
    closed: bool | None = None
    mail: TeamMailIn | None = None


def router(parts: Parts) -> Router:
    """`/api/v1/teams`."""
    routes = Router(prefix="/api/v1/teams", tags=["access"])
    database, access = parts.hub.database, parts.hub.access
    ours = Mailboxes(parts.hub.settings.mail_addresses)

    async def shown(name: str) -> TeamShape | None:
        return next((team for team in await database.run(_all) if team.name == name), None)

    @routes.get("", responses=answers(Page[TeamShape]))
    async def list_teams() -> Response:
        """All, by title."""
        return json(Page(await database.run(_all)))

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
        mail = TeamMail(**body.mail.model_dump()) if body.mail is not None else None
        done = await access.run(
            who.name, changes.change_team, name, body.title, body.members, closed=body.closed, mail=mail, ours=ours
        )
        return json(TeamDone(done.position, await shown(name)), position=done.position)

    @routes.post("/{name}/retire", responses=answers(TeamDone))
    async def retire_team(name: str, who: Caller) -> Response:
        """Give nothing more to it."""
        done = await access.run(who.name, teams.retire_team, name)
        return json(TeamDone(done.position, None), position=done.position)

    return routes


def _all(connection: Connection) -> list[TeamShape]:
    written = team_mail.of_teams(connection)
    return [_shape(team, written.get(team.name, team_mail.NONE)) for team in teams.list_teams(connection)]


def _shape(team: Team, mail: TeamMail) -> TeamShape:
    return TeamShape(team.name, team.title, list(team.members), team.created_at, team.closed, mail)
