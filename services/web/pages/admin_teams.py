"""`/admin/teams`: agents who share work, and who is in which team."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from channels.email.mailboxes import Mailboxes
from eventstore.database import Connection
from schemas.errors import NotFoundError
from services.access import changes, team_mail, teams, users
from services.access.team_mail import TeamMail
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_MEMBER = "member:"
_INVERSE = {"team_closed": "open", "team_opened": "close"}
"""What undoes what was just done."""


def router(parts: Parts, screen: Screen) -> Router:
    """For admins."""
    routes = Router(include_in_schema=False)
    access = parts.hub.access
    ours = Mailboxes(parts.hub.settings.mail_addresses)

    async def page(
        request: Request, *, fields: Mapping[str, str] | None = None, error: Exception | None = None
    ) -> Response:
        status, headers, shown = posted.outcome(error)

        def read(connection: Connection) -> dict[str, object]:
            return {
                "teams": teams.list_teams(connection),
                "people": users.assignable(connection),
                "mail": team_mail.of_teams(connection),
                "no_mail": team_mail.NONE,
                "mailboxes": ours.all,
            }

        typed = {name: (fields or {}).get(name, "") for name in ("name", "title")}
        context = {**await parts.hub.database.run(read), "fields": typed, **_undo(request), **shown}
        return screen.render(request, "admin/teams.html", context, status=status, headers=headers)

    @routes.get("/admin/teams")
    async def show(request: Request) -> Response:
        return await page(request)

    @routes.post("/admin/teams")
    async def add(request: Request) -> Response:
        fields = await posted.fields(request)
        try:
            title, name = fields.get("title", ""), fields.get("name", "")
            await access.run(caller(request).name, changes.add_team, name, title, _members(fields))
        except posted.REFUSALS as error:
            return await page(request, fields=fields, error=error)
        return redirect(request, "/admin/teams", done="saved")

    @routes.post("/admin/teams/{name}")
    async def save(request: Request, name: str) -> Response:
        fields = await posted.fields(request)
        try:
            title = fields.get("title")
            await access.run(
                caller(request).name, changes.change_team, name, title, _members(fields), mail=_mail(fields), ours=ours
            )
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            return await page(request, error=error)
        return redirect(request, "/admin/teams", done="saved")

    @routes.post("/admin/teams/{name}/retire")
    async def retire(request: Request, name: str) -> Response:
        await access.run(caller(request).name, teams.retire_team, name)
        return redirect(request, "/admin/teams", done="saved")

    _turning(routes, parts)
    return routes


def _undo(request: Request) -> dict[str, str]:
    asked = request.query_params
    inverse = _INVERSE.get(asked.get("done", ""))
    return {"undo_at": f"/admin/teams/{quote(asked.get('team', ''), safe='')}/{inverse}"} if inverse else {}


def _turning(routes: Router, parts: Parts) -> None:
    async def turn(request: Request, name: str, *, closed: bool) -> Response:
        await parts.hub.access.run(caller(request).name, teams.close_team, name, closed=closed)
        return redirect(request, "/admin/teams", done="team_closed" if closed else "team_opened", team=name)

    @routes.post("/admin/teams/{name}/close")
    async def close(request: Request, name: str) -> Response:
        return await turn(request, name, closed=True)

    @routes.post("/admin/teams/{name}/open")
    async def reopen(request: Request, name: str) -> Response:
        return await turn(request, name, closed=False)


def _mail(fields: Mapping[str, str]) -> TeamMail | None:
    if "mailbox" not in fields:
        return None
    return TeamMail(**{name: fields.get(name, "") for name in TeamMail.__struct_fields__})


def _members(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(_MEMBER) for name in fields if name.startswith(_MEMBER))
