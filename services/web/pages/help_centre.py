"""`/`: search first, what most people look for, what is new, all by category and by kind."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import articles, knowledge_usage
from projections.articles import ANYBODY, Article, Reader, shelves
from projections.articles.shelves import Category
from schemas.facts.article import ArticleKind
from services.knowledge.visits import QUERY_MAX_CHARACTERS
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen
from services.web.pages.searching import Searching
from services.web.parts import Parts
from services.web.routing import Router

_LISTED_MAX = 60
_TOP_MAX = 10
_CATEGORY_TOP_MAX = 5
_NEWS_MAX = 3
_NEWS = (ArticleKind.KNOWN_ISSUE, ArticleKind.RELEASE_NOTE)
_FRESH_SECONDS = 60.0
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Home:
    """What the first page shows, in one language."""

    top: Sequence[Article]
    news: Sequence[Article]
    categories: Sequence[Category]
    kinds: Sequence[str]


@dataclass(slots=True)
class Homes:
    """The first page, looked up once a minute and not for everybody who comes by."""

    made: dict[str, tuple[float, Home]] = field(default_factory=dict[str, tuple[float, Home]])

    async def of(self, parts: Parts, reader: Reader, language: str) -> Home:
        """As of a minute ago at the most, for anybody; of who may see more, as it is."""
        if reader != ANYBODY:
            return await parts.hub.database.run(_home, reader, language)
        at, home = self.made.get(language, (0.0, Home((), (), (), ())))
        if not home.top or time.monotonic() - at > _FRESH_SECONDS:
            home = await parts.hub.database.run(_home, reader, language)
            self.made[language] = (time.monotonic(), home)
        return home


def router(parts: Parts, screen: Screen) -> Router:
    """The public knowledge, but for single articles."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database
    readers = Readers(parts)
    homes = Homes()
    searching = Searching(parts, screen)

    @routes.get("/")
    async def help_centre(
        request: Request,
        q: Annotated[str, Query(max_length=1000)] = "",
        kind: Annotated[str, Query(max_length=20)] = "",
        category: Annotated[str, Query(max_length=200)] = "",
        cursor: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        words, shelf = one_line(q)[:QUERY_MAX_CHARACTERS], one_line(category)
        language, reader = screen.language(request), await readers.of(request)
        if words:
            return await searching.show(request, reader, words)
        if kind in set(ArticleKind):
            shown = await database.run(
                articles.find, reader, kind=kind, language=language, cursor=cursor or None, limit=_LISTED_MAX
            )
            releases = _releases(shown.items) if kind == ArticleKind.RELEASE_NOTE else ()
            context = {"kind": kind, "items": shown.items, "releases": releases, "following": shown.next_cursor}
            return screen.render(request, "public/shelf.html", context)
        if shelf:
            return screen.render(
                request, "public/category.html", await database.run(_category, reader, language, shelf, cursor)
            )
        home = await homes.of(parts, reader, language)
        return screen.render(request, "public/help.html", {"home": home})

    return routes


def _home(connection: Connection, reader: Reader, language: str) -> Home:
    """The most wanted (projections/knowledge_usage/placement.py), and the newest news beside them."""
    told = [
        each
        for kind in _NEWS
        for each in articles.find(connection, reader, kind=kind, language=language, limit=_NEWS_MAX).items
    ]
    news = sorted(told, key=lambda each: each.published_at, reverse=True)[:_NEWS_MAX]
    beside = {each.id for each in news}
    wanted = knowledge_usage.wanted(connection, reader, language, "", _TOP_MAX + _NEWS_MAX)
    top = [each for each in articles.get_each(connection, reader, wanted) if each.id not in beside][:_TOP_MAX]
    there = shelves.kinds(connection, reader, language)
    kinds = [kind.value for kind in ArticleKind if kind in there]
    return Home(top, news, shelves.categories(connection, reader, language), kinds)


def _category(connection: Connection, reader: Reader, language: str, shelf: str, cursor: str) -> dict[str, object]:
    """What is most wanted, above the newest; then page by page the older ones."""
    found = articles.find(
        connection, reader, language=language, category=shelf, cursor=cursor or None, limit=_LISTED_MAX
    )
    wanted = knowledge_usage.wanted(connection, reader, language, shelf, _CATEGORY_TOP_MAX)
    above, _, name = shelf.rpartition("/")
    return {
        "shelf": shelf,
        "name": name,
        "above": above,
        "below": [] if cursor else shelves.categories(connection, reader, language, within=shelf),
        "top": [] if cursor else articles.get_each(connection, reader, wanted),
        "rest": [each for each in found.items if each.id not in wanted],
        "following": found.next_cursor,
    }


def _releases(items: Sequence[Article]) -> list[tuple[str, list[Article]]]:
    """Release notes by product, the highest version first."""

    def place(article: Article) -> tuple[int, ...]:
        return tuple(int(number) for number in _NUMBERS.findall(article.versions[0])) if article.versions else ()

    by_version = sorted(items, key=place, reverse=True)
    product = {each.id: ", ".join(each.products) for each in items}
    by_product = sorted(by_version, key=lambda each: product[each.id])
    return [(name, list(notes)) for name, notes in groupby(by_product, key=lambda each: product[each.id])]
