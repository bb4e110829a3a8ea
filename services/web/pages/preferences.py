"""How somebody likes the screens: colours, and shortcuts of single keys. In cookies, for whoever reads pages."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.web.guard import Guard
from services.web.languages import prefix_of
from services.web.pages import posted

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
        """As this browser said before."""
        theme = request.cookies.get(_COOKIES["theme"], "")
        return cls(theme if theme in {"light", "dark"} else "", request.cookies.get(_COOKIES["keys"]) == "off")


def router(guard: Guard) -> APIRouter:
    """`POST /preferences`."""
    routes = APIRouter(include_in_schema=False)

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
        return response

    return routes
