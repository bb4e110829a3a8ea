"""`/`: search first, what most people look for, what is new. `/articles/{article}`: one, and whether it helped."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import articles, knowledge_usage
from projections.articles import ANYBODY, Article, Found
from schemas.errors import NotFoundError
from schemas.facts.article import ArticleKind
from services.knowledge.visits import QUERY_MAX_CHARACTERS, Kind
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router

_FOUND_MAX = 10
_LISTED_MAX = 50
_TOP_MAX = 10
_NEWS_MAX = 3
_NEWS = (ArticleKind.KNOWN_ISSUE, ArticleKind.RELEASE_NOTE)
_FRESH_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the first page shows, in one language."""

    top: list[Article]
    news: list[Article]


@dataclass(slots=True)
class Shelves:
    """The first page's articles, looked up once a minute and not for everybody who comes by."""

    made: dict[str, tuple[float, Shelf]] = field(default_factory=dict[str, tuple[float, Shelf]])

    async def of(self, parts: Parts, language: str) -> Shelf:
        """As of a minute ago at the most."""
        at, shelf = self.made.get(language, (0.0, Shelf([], [])))
        if not shelf.top or time.monotonic() - at > _FRESH_SECONDS:
            shelf = await parts.hub.database.run(_shelf, language)
            self.made[language] = (time.monotonic(), shelf)
        return shelf


def router(parts: Parts, screen: Screen) -> Router:
    """The public knowledge."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database
    visitors = visitors_of(parts)
    shelves = Shelves()

    @routes.get("/")
    async def help_centre(
        request: Request,
        q: Annotated[str, Query(max_length=1000)] = "",
        kind: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        words = one_line(q)[:QUERY_MAX_CHARACTERS]
        language = screen.language(request)
        if words:
            found = await database.run(articles.search, ANYBODY, words, locale=language, limit=_FOUND_MAX)
            response = screen.render(request, "public/search.html", {"q": words, "found": in_pieces(found)})
            visitors.note(request, response, Kind.SEARCHED, query=words, results=tuple(each.id for each in found))
            return response
        if kind in set(ArticleKind):
            shown = await database.run(articles.find, ANYBODY, kind=kind, language=language, limit=_LISTED_MAX)
            return screen.render(request, "public/shelf.html", {"kind": kind, "items": shown.items})
        shelf = await shelves.of(parts, language)
        context = {"top": shelf.top, "news": shelf.news, "kinds": list(ArticleKind)}
        return screen.render(request, "public/help.html", context)

    @routes.get("/articles/{article}")
    async def read_article(request: Request, article: UUID, voted: str = "") -> Response:
        found = await database.run(articles.get, ANYBODY, article)
        if found is None:
            raise NotFoundError("no such article")
        alike = await database.run(articles.search, ANYBODY, found.title, locale=found.language, limit=_NEWS_MAX + 1)
        context = {"article": found, "voted": voted, "alike": [each for each in alike if each.id != article]}
        response = screen.render(request, "public/article.html", context)
        if not voted:
            visitors.note(request, response, Kind.OPENED, article=article)
        return response

    @routes.post("/articles/{article}/vote")
    async def vote(request: Request, article: UUID) -> Response:
        parts.guard.refuse_foreign(request)
        if await database.run(articles.get, ANYBODY, article) is None:
            raise NotFoundError("no such article")
        helpful = (await posted.fields(request)).get("helpful") == "yes"
        response = redirect(request, f"/articles/{article}", voted="yes" if helpful else "no")
        visitors.note(request, response, Kind.VOTED, article=article, helpful=helpful)
        return response

    return routes


def in_pieces(found: list[Found]) -> list[dict[str, object]]:
    """Search results with their snippets cut at the marks of what was found: every second piece is one."""
    return [{"title": each.title, "url": each.url, "pieces": each.snippet.split("**")} for each in found]


def _shelf(connection: Connection, language: str) -> Shelf:
    """The most wanted (projections/knowledge_usage/placement.py), and the newest news beside them."""
    top = knowledge_usage.wanted(connection, ANYBODY, language, "", _TOP_MAX + _NEWS_MAX)
    newest = articles.find(connection, ANYBODY, language=language, limit=_LISTED_MAX).items
    news = [each for each in newest if each.kind in set(_NEWS)][:_NEWS_MAX]
    beside = {each.id for each in news}
    return Shelf(
        [each for each in articles.get_each(connection, ANYBODY, top) if each.id not in beside][:_TOP_MAX], news
    )
