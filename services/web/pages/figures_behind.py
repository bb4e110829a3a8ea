"""`/knowledge/figures/visits` and `/incidents/{article}`: what is behind a figure, step by step, a page at a time."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import knowledge_usage as usage
from projections.knowledge_usage import Asked, Figure, Next
from schemas.errors import NotFoundError
from services.web.pages.figures_asked import query_of
from services.web.pages.knowledge_figures import Period
from services.web.pages.screen import Screen
from services.web.parts import Parts
from services.web.routing import Router

Cursor = Annotated[str, Query(max_length=500)]
Phrase = Annotated[str, Query(max_length=200)]


def router(parts: Parts, screen: Screen) -> Router:
    """Both lists."""
    routes = Router(include_in_schema=False)
    run = parts.hub.database.run

    @routes.get("/knowledge/figures/visits")
    async def visits(
        request: Request,
        on_page: Period,
        figure: Figure = Figure.LOOKED,
        article: UUID | None = None,
        phrase: Phrase = "",
        then: Next | None = None,
        cursor: Cursor = "",
    ) -> Response:
        asked = on_page.asked()
        of = {"article": article, "phrase": one_line(phrase), "then": then}
        found = await run(_visits, asked, figure, of, cursor)
        context = {"asked": asked, "figure": figure.value, "query_of": query_of, **of}
        return screen.render(request, "agent/figures_visits.html", context | found)

    @routes.get("/knowledge/figures/incidents/{article}")
    async def incidents(request: Request, article: UUID, on_page: Period, cursor: Cursor = "") -> Response:
        asked = on_page.asked() if on_page.since else None
        found = await run(_incidents, article, asked, cursor)
        return screen.render(
            request, "agent/figures_incidents.html", {"article": article, "query_of": query_of, **found}
        )

    return routes


def _visits(
    connection: Connection, asked: Asked, figure: Figure, of: Mapping[str, Any], cursor: str
) -> dict[str, object]:
    page = usage.visits(connection, asked, figure, **of, cursor=cursor or None)
    named = {str(step["article"]) for each in page.items for step in each.trail if "article" in step}
    named |= {str(of["article"])} if of["article"] else set()
    return {"page": page, "titles": usage.titles(connection, named)}


def _incidents(connection: Connection, article: UUID, asked: Asked | None, cursor: str) -> dict[str, object]:
    title = usage.titles(connection, [str(article)]).get(str(article))
    if title is None:
        raise NotFoundError("no such article")
    since, until = (asked.since, asked.until) if asked else (None, None)
    page = usage.incidents(connection, article, since=since, until=until, cursor=cursor or None)
    return {"title": title, "asked": asked, "page": page}
