"""`/`: search and articles, before anybody has to ask. `/articles/{article}`: one, and whether it helped."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from channels.text import one_line
from projections import articles
from schemas.errors import NotFoundError
from services.knowledge.visits import QUERY_MAX_CHARACTERS, Kind
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.visitor import Visitors
from services.web.parts import Parts

_FOUND_MAX = 10
_SHOWN_MAX = 50


def router(parts: Parts, screen: Screen) -> APIRouter:
    """The public knowledge."""
    routes = APIRouter(include_in_schema=False)
    database = parts.hub.database
    visitors = visitors_of(parts)

    @routes.get("/")
    async def help_centre(request: Request, q: Annotated[str, Query(max_length=1000)] = "") -> Response:
        words = one_line(q)[:QUERY_MAX_CHARACTERS]
        language = screen.language(request)
        if not words:
            shown = await database.run(articles.find, language=language, limit=_SHOWN_MAX)
            return screen.render(request, "public/help.html", {"q": "", "found": [], "articles": shown.items})
        found = await database.run(articles.search, words, locale=language, limit=_FOUND_MAX)
        pieces = [{"title": each.title, "url": each.url, "pieces": each.snippet.split("**")} for each in found]
        response = screen.render(request, "public/help.html", {"q": words, "found": pieces, "articles": []})
        visitors.note(request, response, Kind.SEARCHED, query=words, results=tuple(each.id for each in found))
        return response

    @routes.get("/articles/{article}")
    async def read_article(request: Request, article: UUID, voted: str = "") -> Response:
        found = await database.run(articles.get, article)
        if found is None:
            raise NotFoundError("no such article")
        response = screen.render(request, "public/article.html", {"article": found, "voted": bool(voted)})
        if not voted:
            visitors.note(request, response, Kind.OPENED, article=article)
        return response

    @routes.post("/articles/{article}/vote")
    async def vote(request: Request, article: UUID) -> Response:
        parts.guard.refuse_foreign(request)
        if await database.run(articles.get, article) is None:
            raise NotFoundError("no such article")
        said = await posted.fields(request)
        response = redirect(request, f"/articles/{article}", voted=1)
        visitors.note(request, response, Kind.VOTED, article=article, helpful=said.get("helpful") == "yes")
        return response

    return routes


def visitors_of(parts: Parts) -> Visitors:
    """Who notes what visitors do."""
    settings = parts.hub.settings
    return Visitors(parts.visits, rate_limit=settings.rate_limit, https=settings.public_url.startswith("https:"))
