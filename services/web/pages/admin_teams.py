"""`/admin/teams`: agents who share work, and who is in which team."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from eventstore.database import Connection
from schemas.errors import NotFoundError
from services.access import changes, teams, users
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts

_MEMBER = "member:"


def router(parts: Parts, screen: Screen) -> APIRouter:
    """For admins."""
    routes = APIRouter(include_in_schema=False)
    access = parts.hub.access

    async def page(
        request: Request, *, fields: Mapping[str, str] | None = None, error: Exception | None = None
    ) -> Response:
        status, headers, shown = posted.outcome(error)

        def read(connection: Connection) -> dict[str, object]:
            return {"teams": teams.list_teams(connection), "people": users.assignable(connection)}

        typed = {name: (fields or {}).get(name, "") for name in ("name", "title")}
        context = {**await parts.hub.database.run(read), "fields": typed, **shown}
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
            await access.run(caller(request).name, changes.change_team, name, title, _members(fields))
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            return await page(request, error=error)
        return redirect(request, "/admin/teams", done="saved")

    @routes.post("/admin/teams/{name}/retire")
    async def retire(request: Request, name: str) -> Response:
        await access.run(caller(request).name, teams.retire_team, name)
        return redirect(request, "/admin/teams", done="saved")

    return routes


def _members(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(_MEMBER) for name in fields if name.startswith(_MEMBER))
