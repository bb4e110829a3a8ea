"""Articles over the API: write, revise, retire, list, search."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import AfterValidator, StringConstraints
from starlette.responses import Response

from channels.text import clean, one_line
from projections import article_search, articles
from projections.article_search import Chosen, Results
from projections.articles import AGENT, Article
from projections.page import Page
from schemas.errors import NotFoundError
from schemas.facts.article import ArticleKind
from services.access.identity import Identity
from services.access.policy import may_publish_alone
from services.knowledge.articles import BODY_MAX_CHARACTERS, TITLE_MAX_CHARACTERS
from services.knowledge.library import article_id
from services.knowledge.writing import Publish, Retire, Revise
from services.web.api.shapes import LIMIT_DEFAULT, Body, Caller, Cursor, Key, Limit, answers, fresh, json
from services.web.parts import Parts
from services.web.routing import Router

_Title = Annotated[
    str,
    AfterValidator(one_line),
    StringConstraints(min_length=1, max_length=TITLE_MAX_CHARACTERS, pattern=r"\S"),
]
_Body = Annotated[
    str, AfterValidator(clean), StringConstraints(min_length=1, max_length=BODY_MAX_CHARACTERS, pattern=r"\S")
]
_Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$", max_length=35)]


class Written(msgspec.Struct, frozen=True):
    """The article's id, and the position that shows it."""

    id: UUID
    position: int


class ArticleIn(Body):
    """A new article; `body` is Markdown."""

    kind: ArticleKind
    title: _Title
    body: _Body
    language: _Language


class ArticleChangeIn(Body):
    """What isn't named stays."""

    title: _Title | None = None
    body: _Body | None = None


def router(parts: Parts) -> Router:
    """`/api/v1/articles` and `/api/v1/search`."""
    routes = Router(prefix="/api/v1", tags=["knowledge"])
    _reading(routes, parts)
    _writing(routes, parts)
    return routes


def _reading(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "articles", "article_search")

    @routes.get("/articles", responses=answers(Page[Article]), dependencies=[waits])
    async def list_articles(
        language: Annotated[_Language | None, Query()] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Articles that can be read, newest first."""
        return json(await database.run(articles.find, AGENT, language=language, cursor=cursor, limit=limit))

    @routes.get("/articles/{article}", responses=answers(Article), dependencies=[waits])
    async def get_article(article: UUID) -> Response:
        """One article."""
        found = await database.run(articles.get, AGENT, article)
        if found is None:
            raise NotFoundError("no such article")
        return json(found)

    @routes.get("/search", responses=answers(Results), dependencies=[waits])
    async def search(
        q: Annotated[str, Query(min_length=1, max_length=300), AfterValidator(one_line)],
        locale: Annotated[_Language | None, Query()] = None,
        kind: Annotated[ArticleKind | None, Query()] = None,
        category: Annotated[str | None, Query(max_length=200), AfterValidator(one_line)] = None,
        product: Annotated[str | None, Query(max_length=200), AfterValidator(one_line)] = None,
        language: Annotated[_Language | None, Query()] = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Articles by words, best first; those in the language of `locale` before others.

        `kind`, `category`, `product`, `language`: only such. `total`: how many there are; `facets`: how many of each
        kind and so on; `meant`: the words that were searched, where some of the typed stand in no article.
        """
        chosen = Chosen(kind, category, product, language)
        found = await database.run(
            article_search.search,
            AGENT,
            q,
            locale=locale,
            limit=limit,
            chosen=chosen,
            facets=True,
            meaning=await parts.questions.meaning(q),
        )
        return json(found)


def _writing(routes: Router, parts: Parts) -> None:
    def alone(who: Identity) -> bool:
        return may_publish_alone(who, reviewed=parts.hub.settings.article_review)

    @routes.post("/articles", status_code=201, responses=answers(Written, 201))
    async def publish(body: ArticleIn, who: Caller, key: Key) -> Response:
        """Publish an article."""
        article = article_id(who.name, key)
        request = Publish(
            article=article,
            kind=body.kind,
            title=body.title,
            body=body.body,
            language=body.language,
            by=who.name,
            now=datetime.now(UTC),
            alone=alone(who),
        )
        position = await parts.library.run(request, repeatable=key is not None)
        return json(Written(article, position), 201, position=position)

    @routes.patch("/articles/{article}", responses=answers(Written))
    async def revise(article: UUID, body: ArticleChangeIn, who: Caller, key: Key) -> Response:  # noqa: ARG001 -- a repeat changes nothing
        """Say it better."""
        request = Revise(
            article=article,
            title=body.title,
            body=body.body,
            by=who.name,
            now=datetime.now(UTC),
            alone=alone(who),
        )
        position = await parts.library.run(request)
        return json(Written(article, position), position=position)

    @routes.post("/articles/{article}/retire", responses=answers(Written))
    async def retire(article: UUID, who: Caller, key: Key) -> Response:  # noqa: ARG001 -- a repeat changes nothing
        """Take it away; its history stays."""
        position = await parts.library.run(Retire(article=article, by=who.name, now=datetime.now(UTC)))
        return json(Written(article, position), position=position)
