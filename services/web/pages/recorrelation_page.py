"""`/admin/recorrelation`: stored mail decided again: what would move, and the button that moves it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from services.web.api.recorrelation import last, start
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """The last one, and its two buttons."""
    routes = Router(include_in_schema=False)

    async def page(request: Request, error: Exception | None = None) -> Response:
        status, headers, shown = posted.outcome(error)
        found = await parts.hub.database.run(last)
        context = {"job": found.job, "items": found.items, **shown}
        return screen.render(request, "admin/recorrelation.html", context, status=status, headers=headers)

    @routes.get("/admin/recorrelation")
    async def show(request: Request) -> Response:
        return await page(request)

    @routes.post("/admin/recorrelation")
    async def ask(request: Request) -> Response:
        fields = await posted.fields(request)
        try:
            await start(parts, dry_run=fields.get("do") != "mend", by=caller(request).name)
        except posted.REFUSALS as error:
            return await page(request, error)
        return redirect(request, "/admin/recorrelation")

    return routes
