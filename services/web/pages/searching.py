"""What a search of the help centre shows: results, what they can be narrowed to, what was meant, whether it was found.

Chats have it beside what is being said (`/chat/find`, `/chat/articles/{article}`): nobody leaves theirs to read.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from projections import article_search, articles
from projections.article_search import Chosen, Found, Results
from projections.articles import Reader
from schemas.errors import NotFoundError
from schemas.facts.article import ArticleKind
from services.knowledge import guide
from services.knowledge.visits import QUERY_MAX_CHARACTERS, Kind
from services.web.pages import posted
from services.web.pages.article_kinds import said
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen, redirect
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router

_FOUND_MAX = 10
_BESIDE_A_CHAT = 5
_WORTH_CHARACTERS = 3
_CHOICE_MAX = 8
_CHOSEN_CHARACTERS = 200


class Choice(msgspec.Struct, frozen=True):
    """A value that the results can be narrowed to, or no longer. `link`: the page that does."""

    value: str
    articles: int
    link: str
    chosen: bool


class Searching:
    """Searches for the pages of customers."""

    def __init__(self, parts: Parts, screen: Screen) -> None:
        self._database = parts.hub.database
        self._questions = parts.questions
        self._screen = screen
        self._visitors = visitors_of(parts)

    async def show(self, request: Request, reader: Reader, words: str) -> Response:
        """The page of results."""
        asked = {
            name: one_line(request.query_params.get(name, ""))[:_CHOSEN_CHARACTERS] or None
            for name in Chosen.__struct_fields__
        }
        results = await self._find(request, reader, words, Chosen(**asked), _FOUND_MAX)
        context = {
            "q": words,
            "results": results,
            "found": in_pieces(results.items),
            "facets": _choices(words, asked, results.facets),
            "narrowed": any(asked.values()),
            "solved": request.query_params.get("solved") == "yes",
        }
        response = self._screen.render(request, "public/search.html", context)
        found = tuple(each.id for each in results.items)
        about = [asked["product"]] if asked["product"] else []
        if context["narrowed"] and found:  # the same search, looked at more closely
            self._visitors.note(request, response, Kind.SHOWN, reader=reader, results=found, products=about)
        elif not context["narrowed"] and not context["solved"]:
            self._visitors.note(request, response, Kind.SEARCHED, reader=reader, query=words, results=found)
        return response

    async def beside_chat(self, request: Request, reader: Reader, words: str, product: str) -> Response:
        """A few results, for a list beside a chat; first those about what the page around it is about."""
        if len(words) < _WORTH_CHARACTERS:
            return self._screen.render(request, "public/chat_found.html", {"q": "", "found": []})
        results = await self._find(request, reader, words, Chosen(), _BESIDE_A_CHAT, about=product)
        response = self._screen.render(
            request, "public/chat_found.html", {"q": words, "found": in_pieces(results.items)}
        )
        # as beside a form: words that aren't typed to their end are no search
        for each in results.items:
            self._visitors.note(
                request, response, Kind.SUGGESTED, reader=reader, article=each.id, product_typed=product
            )
        return response

    async def _find(
        self, request: Request, reader: Reader, words: str, chosen: Chosen, limit: int, *, about: str = ""
    ) -> Results:
        language = self._screen.language(request)
        return await self._database.run(
            article_search.search,
            reader,
            words,
            locale=language,
            limit=limit,
            chosen=chosen,
            facets=True,
            about=about,
            meaning=await self._questions.meaning(words),
        )


def router(parts: Parts, screen: Screen) -> Router:
    """Whether it was found; and what stands beside a chat."""
    routes = Router(include_in_schema=False)
    searching = Searching(parts, screen)
    readers = Readers(parts)
    visitors = visitors_of(parts)

    @routes.post("/found")
    async def found(request: Request) -> Response:
        parts.guard.refuse_foreign(request)
        words = one_line((await posted.fields(request)).get("q", ""))[:QUERY_MAX_CHARACTERS]
        response = redirect(request, "/", q=words, solved="yes")
        visitors.note(request, response, Kind.SOLVED, reader=await readers.of(request))
        return response

    @routes.get("/chat/find")
    async def find(
        request: Request,
        q: Annotated[str, Query(max_length=1000)] = "",
        product: Annotated[str, Query(max_length=_CHOSEN_CHARACTERS)] = "",
    ) -> Response:
        words = one_line(q)[:QUERY_MAX_CHARACTERS]
        return await searching.beside_chat(request, await readers.of(request), words, one_line(product))

    @routes.get("/chat/articles/{article}")
    async def read(request: Request, article: UUID) -> Response:
        reader = await readers.of(request)
        shown = await parts.hub.database.run(articles.get, reader, article)
        if shown is None:
            raise NotFoundError("no such article")
        context: dict[str, object] = {"article": shown, "guide": None}
        if shown.kind == ArticleKind.GUIDE:  # asked step by step, not all at once
            asks = guide.read(shown.body)[0]
            context |= {"guide": asks, "walk": guide.walk(asks, ())}
        else:
            context["said"] = said(shown.kind, shown.body)
        response = screen.render(request, "public/chat_article.html", context)
        about = shown.products
        visitors.note(request, response, Kind.OPENED, reader=reader, article=article, products=about)
        return response

    return routes


def in_pieces(found: Sequence[Found]) -> list[dict[str, object]]:
    """Search results with their snippets cut at the marks of what was found: every second piece is one."""
    return [
        {"id": each.id, "title": each.title, "url": each.url, "lang": each.language, "pieces": each.snippet.split("**")}
        for each in found
    ]


def _choices(
    words: str, asked: Mapping[str, str | None], facets: Mapping[str, Mapping[str, int]]
) -> dict[str, list[Choice]]:
    """Of each facet what can be chosen; of one that all results share, nothing but to choose it no longer."""

    def link(facet: str, value: str | None) -> str:
        kept = {name: chosen for name, chosen in {**asked, facet: value}.items() if chosen}
        return "?" + urlencode({"q": words, **kept})

    choices: dict[str, list[Choice]] = {}
    for facet, counts in facets.items():
        chosen = asked[facet]
        values = dict(list(counts.items())[:_CHOICE_MAX])
        if chosen:
            values.setdefault(chosen, 0)
        if len(values) > 1 or chosen:
            choices[facet] = [
                Choice(value, number, link(facet, None if value == chosen else value), value == chosen)
                for value, number in values.items()
            ]
    return choices
