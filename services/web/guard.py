"""In front of every route: who asks, and may they? Wraps the routes themselves, so that none can be forgotten.

A cookie is sent by the browser whoever wrote the page; so with a cookie a write must come from our own pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection, Request
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from channels.intake import in_time
from eventstore.database import Connection, Database
from eventstore.sight import EVERYTHING, seeing
from schemas.errors import ForbiddenError, NotFoundError, UnauthenticatedError, UnsupportedMediaTypeError
from services.access import sessions, sight, tokens
from services.access.identity import Identity
from services.access.policy import EVERYBODY, POLICY, refusal
from services.web.routing import whole

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(*, https: bool) -> str:
    """The session cookie's name; the prefix makes browsers refuse one set by another host."""
    return "__Host-cauce" if https else "cauce"


def caller(request: Request) -> Identity:
    """Who asks; only on routes that need to know."""
    found: Identity = request.scope["state"]["identity"]
    return found


def rule_of(route: BaseRoute) -> str:
    """The key of a route in the policy."""
    if isinstance(route, WebSocketRoute):
        return f"WS {route.path}"
    if isinstance(route, Route):
        method = next(iter(sorted((route.methods or set()) - {"HEAD"})), "GET")
        return f"{method} {route.path}"
    return f"? {getattr(route, 'path', route)}"


class Guard:
    """Puts itself before each route. `public_url` is an origin of ours, besides the one a request was sent to."""

    def __init__(self, database: Database, public_url: str) -> None:
        self._database = database
        self._public_host = urlsplit(public_url).netloc
        self.cookie = cookie_name(https=public_url.startswith("https:"))

    def protect(self, router: APIRouter) -> None:
        """Guard every route, once all are there. Raises LookupError for one without a policy: deny by default."""
        _take(rule_of(route) for route in router.routes)
        _know(route for route in router.routes if isinstance(route, Route | WebSocketRoute))
        for route in router.routes:
            if isinstance(route, Route | WebSocketRoute):
                route.app = self._guarded(route)

    def _guarded(self, route: Route | WebSocketRoute) -> ASGIApp:
        app, rule = route.app, rule_of(route)
        allowed = POLICY[rule]

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            connection = HTTPConnection(scope)
            identity: Identity | None = None
            if allowed is not EVERYBODY:
                async with in_time():
                    identity = await self.identify(connection)
                if identity is None:
                    raise UnauthenticatedError("sign in, or send a valid bearer token")
                if identity.session and scope["method"] not in _SAFE:
                    self.refuse_foreign(connection)
                if why := refusal(identity, rule, scope.get("method", "GET")):
                    raise ForbiddenError(why)
                scope.setdefault("state", {})["identity"] = identity
            if _reads_json(route):
                _refuse_other_than_json(connection)
            with seeing(EVERYTHING if identity is None else identity.sight):
                if identity is not None and identity.sight.hidden:
                    await self._refuse_hidden(scope["path_params"])
                await app(scope, receive, send)

        return guarded

    async def _refuse_hidden(self, parameters: Mapping[str, str]) -> None:
        """What a closed team keeps to itself isn't there for others, under no address that names it."""
        if await self._database.run(sight.is_hidden, parameters):
            raise NotFoundError("there is nothing at this address")

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Who shows a valid token or session. A bearer token goes before a cookie, and isn't excused by one."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self._database.run(_by_token, token.strip())
        cookie = connection.cookies.get(self.cookie, "")
        return await self._database.run(_by_session, cookie) if cookie else None

    def refuse_foreign(self, connection: HTTPConnection) -> None:
        """Raise ForbiddenError for a write that another site made the browser send.

        Browsers always say where a write comes from; who says nothing is no browser and carries nobody's cookie.
        """
        site = connection.headers.get("sec-fetch-site")
        if site is not None:
            ours = site in {"same-origin", "none"}
        else:
            origin = connection.headers.get("origin")
            host = connection.headers.get("host", "")
            ours = origin is None or _host_of(origin) in {host, self._public_host}
        if not ours:
            raise ForbiddenError("this was sent from another site")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return origin  # `http://[x`: nobody's


def _by_token(connection: Connection, token: str) -> Identity | None:
    return tokens.of_token(connection, token)


def _by_session(connection: Connection, cookie: str) -> Identity | None:
    return sessions.of_session(connection, cookie)


def _take(rules: Iterable[str]) -> None:
    unknown = sorted(set(rules) - POLICY.keys())
    if unknown:
        raise LookupError(f"no policy in services/access/policy.py for {', '.join(unknown)}")


def _know(routes: Iterable[Route | WebSocketRoute]) -> None:
    unknown = sorted({name for route in routes for name in route.param_convertors} - sight.PARAMETERS)
    if unknown:
        raise LookupError(f"services/access/sight.py doesn't say whether {', '.join(unknown)} may be an incident's")


def _reads_json(route: BaseRoute) -> bool:
    # form-encoded bodies are read by the routes that take them; only declared JSON models have a body field
    route = whole(route)
    return isinstance(route, APIRoute) and route.body_field is not None


def _refuse_other_than_json(connection: HTTPConnection) -> None:
    headers = connection.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return  # an empty body fails validation where one is needed
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaTypeError("send application/json")
