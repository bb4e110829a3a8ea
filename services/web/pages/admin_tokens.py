"""`/admin/tokens`: what programs may do here. A token is shown on the page that made it, and never again."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from schemas.errors import InvalidError
from services.access import tokens, users
from services.access.identity import Role
from services.access.scopes import SCOPES
from services.access.tokens import NewToken
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_FIELDS = ("name", "role", "expires")
_SCOPE = "scope:"
_DAYS_DIGITS = 5


def router(parts: Parts, screen: Screen) -> Router:
    """For admins."""
    routes = Router(include_in_schema=False)
    access = parts.hub.access

    async def page(
        request: Request, *, fields: Mapping[str, str] | None = None, made: str = "", error: Exception | None = None
    ) -> Response:
        status, headers, shown = posted.outcome(error)
        context = {
            "tokens": await parts.hub.database.run(tokens.list_tokens),
            "roles": list(Role),
            "scopes": sorted(SCOPES),
            "chosen": _scopes(fields or {}),
            "fields": {name: (fields or {}).get(name, "") for name in _FIELDS},
            "made": made,
            **shown,
        }
        return screen.render(request, "admin/tokens.html", context, status=status, headers=headers)

    @routes.get("/admin/tokens")
    async def show(request: Request) -> Response:
        return await page(request)

    @routes.post("/admin/tokens")
    async def add(request: Request) -> Response:
        fields, who = await posted.fields(request), caller(request)
        try:
            role = users.as_role(fields.get("role", ""))
            new = NewToken(role, fields.get("name", ""), _days(fields), _scopes(fields), owner=who.person)
            done = await access.run(who.name, tokens.add_token, new)
        except posted.REFUSALS as error:
            return await page(request, fields=fields, error=error)
        return await page(request, made=done.value.secret)  # not a redirect: shown this once

    @routes.post("/admin/tokens/{token}/revoke")
    async def revoke(request: Request, token: UUID) -> Response:
        await access.run(caller(request).name, tokens.revoke_token, token)
        return redirect(request, "/admin/tokens", done="saved")

    return routes


def _scopes(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(_SCOPE) for name in fields if name.startswith(_SCOPE))


def _days(fields: Mapping[str, str]) -> int | None:
    text = fields.get("expires", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _DAYS_DIGITS:
        raise InvalidError("a number of days", field="expires")
    return int(text)
