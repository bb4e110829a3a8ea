"""`/knowledge`: all articles for those who write them, with what each lacks."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections.articles import desk
from projections.articles.desk import Asked
from services.web.pages import posted
from services.web.pages.article_words import NEED
from services.web.pages.screen import Screen
from services.web.parts import Parts
from services.web.routing import Router

_FILTERS = ("q", "state", "kind", "language", "category", "product", "label", "need")
_VALUE_MAX = 200
_MISSING = "missing_"

Cursor = Annotated[str, Query(max_length=500)]


def router(parts: Parts, screen: Screen) -> Router:
    """The list."""
    routes = Router(include_in_schema=False)

    @routes.get("/knowledge")
    async def listed(request: Request, cursor: Cursor = "", min_position: posted.Position = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "articles")
        given = {name: one_line(request.query_params.get(name, ""))[:_VALUE_MAX] for name in _FILTERS}
        context = await parts.hub.database.run(_read, given, cursor)
        return screen.render(request, "agent/knowledge.html", context)

    return routes


def _read(connection: Connection, given: Mapping[str, str], cursor: str) -> dict[str, object]:
    today = datetime.now(UTC).date()
    need = given["need"] if given["need"] in NEED else ""
    asked = Asked(
        q=given["q"],
        state=given["state"],
        kind=given["kind"],
        language=given["language"],
        category=given["category"],
        product=given["product"],
        label=given["label"],
        missing=need.removeprefix(_MISSING) if need.startswith(_MISSING) else None,
        due=today if need == "due" else None,
        outdated=need == "outdated",
        doubted=need == "doubted",
    )
    found = desk.find(connection, asked, cursor=cursor or None)
    query = urlencode({name: value for name, value in given.items() if value})
    return {
        "page": found,
        "given": given,
        "categories": desk.categories(connection),
        "filtered": query,
        "more": f"?{urlencode({**given, 'cursor': found.next_cursor})}" if found.next_cursor else "",
        "today": today,
    }
