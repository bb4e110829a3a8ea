"""`/admin/widgets`: the sites that show the chat, and the line each puts into its pages."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router
from services.widgets import sites
from services.widgets.sites import COLOUR

_FIELDS = ("name", "origins", "language", "colour")


def router(parts: Parts, screen: Screen) -> Router:
    """The sites."""
    routes = Router(include_in_schema=False)
    database, access = parts.hub.database, parts.hub.access

    async def page(
        request: Request, fields: Mapping[str, str], shown: Mapping[str, object], status: int = 200
    ) -> Response:
        found = await database.run(sites.every)
        context = {
            "sites": [(site, sites.snippet(site, parts.hub.settings.public_url)) for site in found],
            "fields": {"colour": COLOUR}
            | {name: fields.get(name, "") for name in _FIELDS if name in fields or name != "colour"},
            "languages": sites.LANGUAGES,
            "problem": "",
            "errors": (),
        }
        return screen.render(request, "admin/widgets.html", context | dict(shown), status=status)

    @routes.get("/admin/widgets")
    async def show(request: Request) -> Response:
        return await page(request, {}, {})

    async def attempt(request: Request, key: str | None) -> Response:
        by, fields = caller(request).name, await posted.fields(request)
        try:
            if key is not None and fields.get("do") == "remove":
                await access.run(by, sites.remove, key)
            elif key is not None:
                await access.run(by, sites.change, key, *_given(fields), **_look(fields))
            else:
                await access.run(by, sites.create, *_given(fields), **_look(fields))
        except posted.REFUSALS as error:
            status, _, shown = posted.refusal(error)
            return await page(request, fields if key is None else {}, shown, status)
        return redirect(request, "/admin/widgets", done="saved")

    @routes.post("/admin/widgets")
    async def create(request: Request) -> Response:
        return await attempt(request, None)

    @routes.post("/admin/widgets/{site}")
    async def change(request: Request, site: str) -> Response:
        return await attempt(request, site)

    return routes


def _given(fields: Mapping[str, str]) -> tuple[str, list[str]]:
    return fields.get("name", ""), fields.get("origins", "").split()


def _look(fields: Mapping[str, str]) -> dict[str, str]:
    return {"language": fields.get("language", ""), "colour": fields.get("colour", "") or COLOUR}
