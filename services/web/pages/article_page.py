"""`/articles/{article}`: one article, shown as its kind needs it, whether it helped, and why not."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response

from channels.text import one_line
from eventstore.database import Connection
from projections import articles
from projections.article_search import Found, search
from projections.articles import Article, Reader, shelves
from projections.articles.rows import FileRow
from projections.articles.shelves import Standing, Tongue
from schemas.errors import NotFoundError
from schemas.facts.article import ArticleKind, Audience
from schemas.facts.visit import VoteReason
from services.knowledge import checklist, guide, known_issue
from services.knowledge.visits import REASON_MAX_CHARACTERS, Kind
from services.web import languages
from services.web.pages import posted
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen, redirect
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router

_ALIKE_MAX = 3


@dataclass(frozen=True, slots=True)
class Page:
    """What is read for one article's page. `files`: the newest first."""

    article: Article
    tongues: list[Tongue]
    files: list[FileRow]
    alike: list[Found]


def router(parts: Parts, screen: Screen) -> Router:
    """One article."""
    routes = Router(include_in_schema=False)
    _reading(routes, parts, screen)
    _voting(routes, parts)
    return routes


def _reading(routes: Router, parts: Parts, screen: Screen) -> None:
    database = parts.hub.database
    visitors = visitors_of(parts)
    readers = Readers(parts)

    @routes.get("/articles/{article}")
    async def read_article(
        request: Request,
        article: UUID,
        voted: str = "",
        way: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        reader = await readers.of(request)
        page = await database.run(_read, reader, article)
        if page is None:
            return await instead(request, reader, article)
        context = {"article": page.article, "page": page, "voted": voted, **_as_its_kind(page, way)}
        response = screen.render(request, "public/article.html", context)
        if not voted and not way:
            about = page.article.products
            visitors.note(request, response, Kind.OPENED, reader=reader, article=article, products=about)
        return response

    async def instead(request: Request, reader: Reader, article: UUID) -> Response:
        """Of an article that isn't to be read, or no longer. Raises NotFoundError."""
        standing, to = await database.run(_instead, reader, article)
        if to is not None:
            return RedirectResponse(f"{languages.prefix_of(request)}/articles/{to}", HTTPStatus.MOVED_PERMANENTLY)
        if standing is None or standing.audience == Audience.AGENTS:
            raise NotFoundError("no such article")
        if standing.state == "retired":
            return screen.render(request, "public/gone.html", {"q": ""}, status=HTTPStatus.GONE)
        context = {"known": readers.is_known(request)}
        return screen.render(request, "public/for_customers.html", context, status=HTTPStatus.FORBIDDEN)


def _voting(routes: Router, parts: Parts) -> None:
    visitors = visitors_of(parts)
    readers = Readers(parts)

    @routes.post("/articles/{article}/vote")
    async def vote(request: Request, article: UUID) -> Response:
        reader = await reader_of(request, article)
        helpful = (await posted.fields(request)).get("helpful") == "yes"
        response = redirect(request, f"/articles/{article}", voted="yes" if helpful else "no")
        visitors.note(request, response, Kind.VOTED, reader=reader, article=article, helpful=helpful)
        return response

    @routes.post("/articles/{article}/reason")
    async def explain(request: Request, article: UUID) -> Response:
        reader = await reader_of(request, article)
        fields = await posted.fields(request)
        response = redirect(request, f"/articles/{article}", voted="why")
        if fields.get("reason", "") in set(VoteReason):
            visitors.note(
                request,
                response,
                Kind.VOTE_EXPLAINED,
                reader=reader,
                article=article,
                reason=VoteReason(fields["reason"]),
                words=one_line(fields.get("words", ""))[:REASON_MAX_CHARACTERS],
            )
        return response

    async def reader_of(request: Request, article: UUID) -> Reader:
        """Who may vote. Raises NotFoundError for what they can't read."""
        parts.guard.refuse_foreign(request)
        reader = await readers.of(request)
        if await parts.hub.database.run(articles.get, reader, article) is None:
            raise NotFoundError("no such article")
        return reader


def _read(connection: Connection, reader: Reader, article: UUID) -> Page | None:
    found = articles.get(connection, reader, article)
    if found is None:
        return None
    alike = search(connection, reader, found.title, locale=found.language, limit=_ALIKE_MAX + 1).items
    files = articles.files(connection, reader, [article]) if found.kind == ArticleKind.DOWNLOAD else []
    return Page(
        found,
        shelves.tongues(connection, reader, found.original or found.id),
        files[::-1],
        [each for each in alike if each.id != article][:_ALIKE_MAX],
    )


def _instead(connection: Connection, reader: Reader, article: UUID) -> tuple[Standing | None, UUID | None]:
    return shelves.standing(connection, article), articles.redirect_of(connection, reader, article)


def _as_its_kind(page: Page, way: str) -> dict[str, object]:
    """What the template of this kind shows beside the words."""
    article = page.article
    match article.kind:
        case ArticleKind.CHECKLIST:
            return {"parts": checklist.read(article.body)}
        case ArticleKind.KNOWN_ISSUE:
            return {"issue": known_issue.read(article.body)}
        case ArticleKind.GUIDE:
            read, _ = guide.read(article.body)
            taken = guide.way_of(way)
            return {"guide": read, "walk": guide.walk(read, taken), "way": ".".join(map(str, taken))}
        case _:
            return {}
