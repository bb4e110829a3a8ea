"""`/admin/projections`: how far the read models are, what they could not fold, and their rebuild with its progress."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Literal

from fastapi import Request
from starlette.responses import Response

from services.rebuild.standing import Phase
from services.web.api.projections import standings
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """The list and its two buttons."""
    routes = Router(include_in_schema=False)

    async def page(**shown: object) -> dict[str, object]:
        found = await parts.hub.database.run(standings)
        runs = any(each.rebuild is not None and each.rebuild.phase is not Phase.STOPPED for each in found.items)
        return {
            "items": found.items,
            "quarantined": found.quarantined,
            "runs": runs,
            "problem": "",
            "errors": (),
            **shown,
        }

    @routes.get("/admin/projections")
    async def show(request: Request) -> Response:
        return screen.render(request, "admin/projections.html", await page())

    @routes.post("/admin/projections/{name}/{action}")
    async def act(request: Request, name: str, action: Literal["rebuild", "cancel"]) -> Response:
        await posted.fields(request)
        ask = parts.rebuilds.start if action == "rebuild" else parts.rebuilds.cancel
        try:
            await ask(name, by=caller(request).name)
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await page(**shown)
            return screen.render(request, "admin/projections.html", context, status=status, headers=headers)
        return redirect(request, "/admin/projections")

    return routes
