"""`POST /agent/undo/{id}`: the button of the message that says what was done. Leads back to where it was pressed."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from schemas.errors import ConflictError
from services.undo import Undo
from services.web import languages
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.words import UNDO
from services.web.parts import Parts
from services.web.routing import Router

_OF_A_MOMENT = frozenset({"done", "undo", "min_position", "changed", "left"})


def router(parts: Parts, screen: Screen) -> Router:
    """One route."""
    routes = Router(include_in_schema=False)

    @routes.post("/agent/undo/{undo}")
    async def take_back(request: Request, undo: UUID) -> Response:
        fields = await posted.fields(request)
        try:
            out = await parts.commands.run(Undo(undo=undo), by=caller(request).name)
        except ConflictError as error:
            shown = {"text": UNDO["refused"], "status": error.status, "detail": str(error)}
            return screen.render(request, "public/problem.html", shown, status=error.status)
        path, _, query = posted.local(fields.get("next", "")).partition("?")
        kept = {name: value for name, value in parse_qsl(query) if name not in _OF_A_MOMENT}
        path = path.removeprefix(languages.prefix_of(request))
        return redirect(request, path or "/agent", **kept, min_position=out.position, done="undone")

    return routes
