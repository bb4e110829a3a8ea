"""`/agent/addresses/unmute`: an agent says that mail arrives there again; the button stands beside the address."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from channels.text import one_line
from services.muting.requests import Unmute
from services.web import languages
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:  # noqa: ARG001 -- as all pages are made
    """One button."""
    routes = Router(include_in_schema=False)

    @routes.post("/agent/addresses/unmute")
    async def unmute(request: Request) -> Response:
        fields = await posted.fields(request)
        asked = Unmute(address=one_line(fields.get("address", "")), why=one_line(fields.get("why", "")))
        out = await parts.commands.run(asked, by=caller(request).name)
        await parts.wait_for(out.position, "mutes")
        path = posted.local(fields.get("next", "")).removeprefix(languages.prefix_of(request))
        return redirect(request, path or "/agent", min_position=out.position, done="saved", undo=out.undo)

    return routes
