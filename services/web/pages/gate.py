"""`/login` and `/logout`: a session for people, in a cookie no script can read."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from channels import http_body
from channels.limits import network_of
from channels.text import one_line
from schemas.errors import RateLimitedError, UnauthenticatedError
from schemas.facts.user import Place
from services.access import sessions
from services.access.identity import Role
from services.access.sign_in import SignIn
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.words import SIGN_IN
from services.web.parts import Parts

_BROWSER_MAX_CHARACTERS = 200


def router(parts: Parts, screen: Screen) -> APIRouter:
    """Signing in and out."""
    routes = APIRouter(include_in_schema=False)
    database, guard, access = parts.hub.database, parts.guard, parts.hub.access
    ways = SignIn(access)
    https = parts.hub.settings.public_url.startswith("https:")

    def refused(
        request: Request, status: int, headers: Mapping[str, str], why: str, name: str, wanted: str
    ) -> Response:
        context = {"problem": SIGN_IN[why], "name": name[:100], "next": wanted}
        return screen.render(request, "public/login.html", context, status=status, headers=headers)

    @routes.get("/login")
    async def show(request: Request, next: str = "") -> Response:  # noqa: A002 -- the parameter's public name
        return screen.render(request, "public/login.html", {"problem": "", "name": "", "next": posted.local(next)})

    @routes.post("/login")
    async def sign_in(request: Request) -> Response:
        guard.refuse_foreign(request)
        fields = await posted.fields(request)
        name = fields.get("name", "")
        wanted = posted.local(fields.get("next", ""))
        try:
            had = request.cookies.get(guard.cookie, "")
            came = await ways.with_password(name, fields.get("password", ""), place_of(request), instead_of=had)
            cookie = came.cookie
        except UnauthenticatedError as error:
            return refused(request, error.status, {}, "wrong", name, wanted)
        except RateLimitedError as error:
            return refused(request, error.status, {"Retry-After": str(error.retry_after)}, "wait", name, wanted)
        identity = await database.run(sessions.of_session, cookie)
        home = "/reports/channel_report" if identity and identity.role is Role.ANALYST else "/agent"
        response = redirect(request, wanted or home)
        response.set_cookie(
            guard.cookie,
            cookie,
            max_age=sessions.SESSION_HOURS * 3600,
            httponly=True,
            samesite="lax",
            secure=https,
            path="/",
        )
        return response

    @routes.post("/logout")
    async def sign_out(request: Request) -> Response:
        guard.refuse_foreign(request)
        cookie = request.cookies.get(guard.cookie)
        if cookie:
            await access.run("", sessions.sign_out, cookie)
        response = redirect(request, "/login")
        response.delete_cookie(guard.cookie, path="/", secure=https, httponly=True, samesite="lax")
        return response

    return routes


def place_of(request: Request) -> Place:
    """Where a request comes from, for the record of who came in."""
    browser = one_line(request.headers.get("user-agent", ""))[:_BROWSER_MAX_CHARACTERS]
    return Place(network=network_of(http_body.peer(request)), browser=browser)
