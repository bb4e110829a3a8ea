"""`/admin/users`: who may come in, as what, in which teams; and letting somebody in no more."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import access_log
from schemas.errors import ConflictError, NotFoundError
from schemas.facts.user import SessionEnd
from services.access import changes, ending, linking, sessions, teams, totp, users
from services.access.changes import NewUser, UserChange
from services.access.desk import AccessDesk
from services.access.identity import Role
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_FIELDS = ("name", "role", "email")
_TEAM = "team:"
_RECENT = 15


def _end_sessions(desk: AccessDesk, name: str) -> None:
    ending.end_all(desk, users.get(desk.connection, name).id, name, SessionEnd.ENDED)


_ACTIONS: Mapping[str, Callable[[AccessDesk, str], None]] = {
    "disable": users.disable_user,
    "enable": users.enable_user,
    "reset-totp": totp.remove,
    "unlink-provider": linking.unlink,
    "end-sessions": _end_sessions,
    "forget-places": users.forget_places,
}


def router(parts: Parts, screen: Screen) -> Router:
    """For admins."""
    routes = Router(include_in_schema=False)
    _listed(routes, parts, screen)
    _new(routes, parts, screen)
    _one(routes, parts, screen)
    _act(routes, parts, screen)
    return routes


def _listed(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/admin/users")
    async def show(request: Request) -> Response:
        def read(connection: Connection) -> dict[str, object]:
            return {
                "users": users.list_users(connection),
                "titles": teams.titles(connection),
                "seen": sessions.last_seen(connection),
            }

        return screen.render(request, "admin/users.html", await parts.hub.database.run(read))


def _new(routes: Router, parts: Parts, screen: Screen) -> None:
    async def page(request: Request, fields: Mapping[str, str], error: Exception | None = None) -> Response:
        status, headers, shown = posted.outcome(error)
        context = {
            "fields": {name: fields.get(name, "") for name in _FIELDS},
            "chosen": _teams(fields),
            "teams": await parts.hub.database.run(teams.list_teams),
            "roles": list(Role),
            "provider": parts.hub.settings.oidc is not None,
            **shown,
        }
        return screen.render(request, "admin/new_user.html", context, status=status, headers=headers)

    @routes.get("/admin/new-user")
    async def show(request: Request) -> Response:
        return await page(request, {})

    @routes.post("/admin/users")
    async def add(request: Request) -> Response:
        fields = await posted.fields(request)
        try:
            password = fields.get("password", "")
            hashed = await changes.hashed(password) if password or not parts.hub.settings.oidc else None
            role = users.as_role(fields.get("role", ""))
            new = NewUser(one_line(fields.get("name", "")), role, hashed, fields.get("email", ""), _teams(fields))
            done = await parts.hub.access.run(caller(request).name, changes.add_user, new)
        except posted.REFUSALS as error:
            return await page(request, fields, error)
        return redirect(request, f"/admin/users/{done.value.name}", done="saved", min_position=done.position)


async def _page(parts: Parts, screen: Screen, request: Request, name: str, error: Exception | None = None) -> Response:
    status, headers, shown = posted.outcome(error)

    def read(connection: Connection) -> dict[str, object]:
        return {
            "user": users.get(connection, name),
            "teams": teams.list_teams(connection),
            "sessions": sessions.list_sessions(connection, user=name),
            "entries": access_log.find(connection, who=name, limit=_RECENT).items,
        }

    context = {**await parts.hub.database.run(read), "roles": list(Role), **shown}
    return screen.render(request, "admin/user.html", context, status=status, headers=headers)


def _one(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/admin/users/{user}")
    async def show(request: Request, user: str, min_position: posted.Position = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "access_log")
        return await _page(parts, screen, request, user)

    @routes.post("/admin/users/{user}")
    async def save(request: Request, user: str) -> Response:
        fields = await posted.fields(request)
        try:
            password = fields.get("password", "")
            change = UserChange(
                role=users.as_role(fields.get("role", "")),
                email=fields.get("email", ""),
                teams=_teams(fields),
                hashed=await changes.hashed(password) if password else None,
            )
            done = await parts.hub.access.run(caller(request).name, changes.change_user, user, change)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            return await _page(parts, screen, request, user, error)
        return redirect(request, f"/admin/users/{user}", done="saved", min_position=done.position)


def _act(routes: Router, parts: Parts, screen: Screen) -> None:
    access = parts.hub.access

    @routes.post("/admin/users/{user}/{action}")
    async def act(request: Request, user: str, action: str) -> Response:
        work = _ACTIONS.get(action)
        if work is None:
            raise NotFoundError("no such action")
        try:
            done = await access.run(caller(request).name, work, user)
        except ConflictError as error:
            return await _page(parts, screen, request, user, error)
        return redirect(request, f"/admin/users/{user}", done="saved", min_position=done.position)

    @routes.post("/admin/sessions/{session}/end")
    async def end(request: Request, session: UUID) -> Response:
        fields = await posted.fields(request)
        await access.run(caller(request).name, sessions.end_session, session)
        return redirect(request, posted.local(fields.get("next", "")) or "/admin/users", done="saved")


def _teams(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(_TEAM) for name in fields if name.startswith(_TEAM))
