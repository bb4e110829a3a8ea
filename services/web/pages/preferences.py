"""How somebody likes the screens: colours, language, shortcuts of single keys. In cookies, for whoever reads pages.

Language and shortcuts of who is signed in go with them to any browser.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from eventstore.database import Connection, Database
from services.access import users
from services.access.identity import Identity
from services.web.guard import Guard
from services.web.languages import LANGUAGES, prefix_of
from services.web.pages import posted
from services.web.routing import Router

_YEAR_SECONDS = 365 * 24 * 3600
_COOKIES = {"theme": "cauce_theme", "keys": "cauce_keys"}
_CHOICES = {"theme": frozenset({"auto", "light", "dark"}), "keys": frozenset({"on", "off"})}


@dataclass(frozen=True, slots=True)
class Preferences:
    """`theme`: "light", "dark", or "" as the system has it."""

    theme: str
    keys_off: bool

    @classmethod
    def of(cls, request: Request) -> Preferences:
        """As this browser said before, and whoever is signed in anywhere."""
        theme = request.cookies.get(_COOKIES["theme"], "")
        identity: Identity | None = request.scope.get("state", {}).get("identity")
        signed_in = identity is not None and identity.session
        keys_off = not identity.shortcuts if identity and signed_in else request.cookies.get(_COOKIES["keys"]) == "off"
        return cls(theme if theme in {"light", "dark"} else "", keys_off)


def router(guard: Guard, database: Database) -> Router:
    """`POST /preferences`."""
    routes = Router(include_in_schema=False)

    @routes.post("/preferences")
    async def keep(request: Request) -> Response:
        guard.refuse_foreign(request)
        fields = await posted.fields(request)
        response = RedirectResponse(prefix_of(request) + (posted.local(fields.get("next", "")) or "/"), status_code=303)
        for name, choices in _CHOICES.items():
            if fields.get(name) in choices:
                response.set_cookie(
                    _COOKIES[name], fields[name], max_age=_YEAR_SECONDS, samesite="lax", httponly=True, path="/"
                )
        identity = await guard.identify(request)
        if identity is not None and identity.session:
            await database.run(_keep, identity.name, fields)
        return response

    return routes


def _keep(connection: Connection, name: str, fields: Mapping[str, str]) -> None:
    if fields.get("keys") in _CHOICES["keys"]:
        users.set_shortcuts(connection, name, on=fields["keys"] == "on")
    if fields.get("language") in {"", *LANGUAGES}:
        users.set_language(connection, name, fields["language"])
