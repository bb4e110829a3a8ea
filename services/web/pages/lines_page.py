"""`/admin/lines`: which telephone systems may tell us of their calls. A new one's key is shown once."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from channels.text import one_line
from services.access import lines
from services.web.api.lines import create
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """Telephone lines."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    async def page(shown: Mapping[str, object]) -> dict[str, object]:
        return {
            "items": await database.run(lines.list_lines),
            "name": "",
            "made": None,
            "problem": "",
            "errors": (),
            **shown,
        }

    @routes.get("/admin/lines")
    async def show(request: Request) -> Response:
        return screen.render(request, "admin/lines.html", await page({}))

    @routes.post("/admin/lines")
    async def make(request: Request) -> Response:
        fields = await posted.fields(request)
        name = one_line(fields.get("name", "")).lower()
        try:
            made = await create(parts, caller(request).name, name)
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await page({**shown, "name": name[:64]})
            return screen.render(request, "admin/lines.html", context, status=status, headers=headers)
        # not redirected to: an address that shows a secret would stay in the browser's history
        headers = {"Cache-Control": "no-store"}
        return screen.render(request, "admin/lines.html", await page({"made": made}), status=201, headers=headers)

    @routes.post("/admin/lines/{line}/revoke")
    async def revoke(request: Request, line: str) -> Response:
        await parts.hub.access.run(caller(request).name, lines.revoke_line, line)
        return redirect(request, "/admin/lines", done="line_revoked")

    return routes
