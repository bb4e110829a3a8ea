"""`/login` and `/logout`: a session for people, in a cookie no script can read. A password, then a code; or a provider.

Between two steps the browser holds a cookie that opens nothing, `…_step`.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from channels import http_body
from channels.limits import Limit, Rate, network_of
from channels.text import one_line
from schemas.errors import RateLimitedError, UnauthenticatedError
from schemas.facts.user import Place
from services.access import sessions, steps
from services.access.identity import Role
from services.access.oidc import Provider, ProviderError
from services.access.sign_in import CameIn, SignIn
from services.web.pages import posted
from services.web.pages.access_words import SIGN_IN
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

log = structlog.get_logger()

_BROWSER_MAX_CHARACTERS = 200
_CODE_MAX_CHARACTERS = 2000
_STEPS = Rate(burst=60, per_second=1.0)
BACK = "/login/provider/back"
"""Where an identity provider sends people back to."""


class Gate:
    """The ways in, and the cookies they give."""

    def __init__(self, parts: Parts, screen: Screen) -> None:
        settings = parts.hub.settings
        self.ways = SignIn(parts.hub.access)
        self.provider = Provider(settings.oidc, settings.public_url + BACK) if settings.oidc else None
        self._database = parts.hub.database
        self._https = settings.public_url.startswith("https:")
        self._screen = screen
        self.cookie = parts.guard.cookie
        self.step_cookie = f"{parts.guard.cookie}_step"
        self.steps_begun = Limit(_STEPS, on=settings.rate_limit)

    async def let_in(self, request: Request, came: CameIn) -> Response:
        """To the page they wanted, or to the next step."""
        if not came.finished:
            response = redirect(request, "/login/code")
            self.keep(response, self.step_cookie, came.cookie, steps.STEP_MINUTES * 60)
            return response
        identity = await self._database.run(sessions.of_session, came.cookie)
        home = "/reports/channel_report" if identity and identity.role is Role.ANALYST else "/agent"
        response = redirect(request, came.wanted or home)
        self.keep(response, self.cookie, came.cookie, sessions.SESSION_HOURS * 3600)
        self.drop(response, self.step_cookie)
        return response

    def keep(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Give the browser a cookie that only it and we can read."""
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=self._https, path="/")

    def drop(self, response: Response, name: str) -> None:
        """Take it away."""
        response.delete_cookie(name, path="/", secure=self._https, httponly=True, samesite="lax")

    def show(
        self, request: Request, *, why: str = "", name: str = "", wanted: str = "", error: Exception | None = None
    ) -> Response:
        """The first step's page. `why`: a key of words.access.SIGN_IN."""
        status, headers = _answered(error)
        context = {
            "problem": SIGN_IN[why] if why else "",
            "name": name[:100],
            "next": wanted,
            "provider": self.provider.settings.name if self.provider else "",
        }
        return self._screen.render(request, "public/login.html", context, status=status, headers=headers)

    def show_code(self, request: Request, *, why: str = "", error: Exception | None = None) -> Response:
        """The second step's."""
        status, headers = _answered(error)
        context = {"problem": SIGN_IN[why] if why else ""}
        return self._screen.render(request, "public/login_code.html", context, status=status, headers=headers)


def router(parts: Parts, screen: Screen) -> Router:
    """Signing in and out."""
    routes = Router(include_in_schema=False)
    gate = Gate(parts, screen)
    _password(routes, parts, gate)
    _code(routes, parts, gate)
    _provider(routes, gate)

    @routes.post("/logout")
    async def sign_out(request: Request) -> Response:
        parts.guard.refuse_foreign(request)
        cookie = request.cookies.get(gate.cookie, "")
        known = await parts.hub.database.run(sessions.is_kept, cookie)
        if known:
            await parts.hub.access.run("", sessions.sign_out, cookie)
        response = redirect(request, "/login")
        gate.drop(response, gate.cookie)
        return response

    return routes


def _password(routes: Router, parts: Parts, gate: Gate) -> None:
    @routes.get("/login")
    async def show(request: Request, next: str = "") -> Response:  # noqa: A002 -- the parameter's public name
        return gate.show(request, wanted=posted.local(next))

    @routes.post("/login")
    async def sign_in(request: Request) -> Response:
        parts.guard.refuse_foreign(request)
        fields = await posted.fields(request)
        name, wanted = fields.get("name", ""), posted.local(fields.get("next", ""))
        had = request.cookies.get(gate.cookie, "")
        try:
            came = await gate.ways.with_password(
                name, fields.get("password", ""), place_of(request), instead_of=had, wanted=wanted
            )
        except UnauthenticatedError as error:
            return gate.show(request, why="wrong", name=name, wanted=wanted, error=error)
        except RateLimitedError as error:
            return gate.show(request, why="wait", name=name, wanted=wanted, error=error)
        return await gate.let_in(request, came)


def _code(routes: Router, parts: Parts, gate: Gate) -> None:
    @routes.get("/login/code")
    async def show(request: Request) -> Response:
        step = request.cookies.get(gate.step_cookie, "")
        if not await parts.hub.database.run(steps.waits_for_code, step):
            return redirect(request, "/login")
        return gate.show_code(request)

    @routes.post("/login/code")
    async def check(request: Request) -> Response:
        parts.guard.refuse_foreign(request)
        fields = await posted.fields(request)
        step, had = request.cookies.get(gate.step_cookie, ""), request.cookies.get(gate.cookie, "")
        try:
            came = await gate.ways.with_code(step, fields.get("code", ""), place_of(request), instead_of=had)
        except UnauthenticatedError as error:
            return gate.show(request, why="again", error=error)
        except RateLimitedError as error:
            return gate.show_code(request, why="wait", error=error)
        if came is None:
            return gate.show_code(request, why="code", error=UnauthenticatedError(""))
        return await gate.let_in(request, came)


def _provider(routes: Router, gate: Gate) -> None:
    @routes.get("/login/provider")
    async def go(request: Request, next: str = "") -> Response:  # noqa: A002 -- likewise
        if gate.provider is None:
            return redirect(request, "/login")
        gate.steps_begun.take(network_of(http_body.peer(request)))  # each is kept until somebody comes back with it
        try:
            address, step = await gate.ways.to_provider(gate.provider, posted.local(next))
        except ProviderError as error:
            log.warning("identity_provider_failed", error=str(error))
            return gate.show(request, why="provider", error=error)
        response = RedirectResponse(address, status_code=303)
        gate.keep(response, gate.step_cookie, step, steps.STEP_MINUTES * 60)
        return response

    @routes.get("/login/provider/back")
    async def back(request: Request, state: str = "", code: str = "", iss: str = "") -> Response:
        if gate.provider is None:
            return redirect(request, "/login")
        try:
            came = await gate.ways.with_provider(
                gate.provider,
                request.cookies.get(gate.step_cookie, ""),
                place_of(request),
                state=state,
                code=code[:_CODE_MAX_CHARACTERS],
                issuer=iss,
                instead_of=request.cookies.get(gate.cookie, ""),
            )
        except ProviderError as error:
            log.warning("identity_provider_failed", error=str(error))
            return gate.show(request, why="provider", error=error)
        except UnauthenticatedError as error:
            return gate.show(request, why="not_ours", error=error)
        return await gate.let_in(request, came)


def place_of(request: Request) -> Place:
    """Where a request comes from, for the record of who came in."""
    browser = one_line(request.headers.get("user-agent", ""))[:_BROWSER_MAX_CHARACTERS]
    return Place(network=network_of(http_body.peer(request)), browser=browser)


def _answered(error: Exception | None) -> tuple[int, Mapping[str, str]]:
    match error:
        case RateLimitedError():
            return error.status, {"Retry-After": str(error.retry_after)}
        case UnauthenticatedError():
            return error.status, {}
        case _:
            return 200, {}
