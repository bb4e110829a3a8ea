"""`/agent/canned`: sentences to use again, the team's and one's own."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from schemas.errors import NotFoundError
from services.drafts import canned
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """A list, and a form for each."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    async def page(request: Request, q: str, shown: Mapping[str, object]) -> dict[str, object]:
        found = await database.run(canned.of, caller(request).name, q=q)
        return {
            "items": found,
            "places": canned.PLACES,
            "q": q,
            "problem": "",
            "errors": (),
            "fields": {},
            "open": "",
            **shown,
        }

    @routes.get("/agent/canned")
    async def show(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> Response:
        return screen.render(request, "agent/canned.html", await page(request, one_line(q), {}))

    @routes.post("/agent/canned")
    async def create(request: Request) -> Response:
        return await keep(request, None)

    @routes.post("/agent/canned/{canned_id}")
    async def change(request: Request, canned_id: UUID) -> Response:
        return await keep(request, canned_id)

    async def keep(request: Request, kept: UUID | None) -> Response:
        fields = await posted.fields(request)
        try:
            await database.run(_keep, kept, fields, caller(request).name)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await page(request, "", {**shown, "fields": fields, "open": str(kept or "new")})
            return screen.render(request, "agent/canned.html", context, status=status, headers=headers)
        return redirect(request, "/agent/canned", done="saved")

    return routes


def _keep(connection: Connection, kept: UUID | None, fields: Mapping[str, str], by: str) -> None:
    if kept is not None and "remove" in fields:
        canned.remove(connection, kept, by=by)
        return
    name, body, language = one_line(fields.get("name", "")), fields.get("body", ""), fields.get("language", "")
    if kept is not None:
        canned.change(connection, kept, name=name, body=body, language=language, by=by)
        return
    personal = fields.get("personal", "") == "yes"
    canned.create(connection, name=name, body=body, language=language, personal=personal, by=by)
