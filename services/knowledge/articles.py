"""What can be done with an article, and what it leads to. Pure: the decider; `ledger.record` writes what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.article import ArticleKind, ArticlePublished, ArticleRetired, ArticleRevised

TITLE_MAX_CHARACTERS = 300
BODY_MAX_CHARACTERS = 50_000

ArticleFact: TypeAlias = ArticlePublished | ArticleRevised | ArticleRetired


@dataclass(frozen=True, slots=True)
class Article:
    """The state of one article; `published` False before it is and after it was retired."""

    known: bool = False
    published: bool = False
    title: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Make it known. `body` is Markdown."""

    article: UUID
    kind: ArticleKind
    title: str
    body: str
    language: str
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise:
    """Say it better; what is None stays."""

    article: UUID
    title: str | None
    body: str | None
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Take it away."""

    article: UUID
    by: str
    now: datetime


ArticleRequest: TypeAlias = Publish | Revise | Retire


def decide(article: Article, request: ArticleRequest) -> list[ArticleFact]:
    """The facts a request leads to; a request that changes nothing leads to none."""
    match request:
        case Publish():
            return _publish(article, request)
        case Revise():
            return _revise(article, request)
        case Retire():
            if not article.known:
                raise NotFoundError("no such article")
            if not article.published:
                return []
            return [ArticleRetired(article=request.article, by=request.by, at=request.now)]
        case _:
            assert_never(request)


def evolve(article: Article, fact: ArticleFact) -> Article:
    """The state after a fact."""
    match fact:
        case ArticlePublished():
            return Article(known=True, published=True, title=fact.title, body=fact.body)
        case ArticleRevised():
            return replace(article, title=fact.title, body=fact.body)
        case ArticleRetired():
            return replace(article, published=False)
        case _:
            assert_never(fact)


def state_of(facts: Sequence[ArticleFact]) -> Article:
    """The state after all of them."""
    article = Article()
    for fact in facts:
        article = evolve(article, fact)
    return article


def _publish(article: Article, request: Publish) -> list[ArticleFact]:
    if article.known:
        raise ConflictError("there is an article with this id already")
    _refuse_unreadable(request.title, request.body)
    return [
        ArticlePublished(
            article=request.article,
            kind=request.kind,
            title=request.title.strip(),
            body=request.body,
            language=request.language,
            by=request.by,
            at=request.now,
        )
    ]


def _revise(article: Article, request: Revise) -> list[ArticleFact]:
    if not article.known:
        raise NotFoundError("no such article")
    if not article.published:
        raise ConflictError("the article was retired")
    title = article.title if request.title is None else request.title.strip()
    body = article.body if request.body is None else request.body
    _refuse_unreadable(title, body)
    if (title, body) == (article.title, article.body):
        return []
    return [ArticleRevised(article=request.article, title=title, body=body, by=request.by, at=request.now)]


def _refuse_unreadable(title: str, body: str) -> None:
    if not title.strip() or len(title) > TITLE_MAX_CHARACTERS:
        raise InvalidError(f"a title has 1 to {TITLE_MAX_CHARACTERS} characters", field="title")
    if not body.strip() or len(body) > BODY_MAX_CHARACTERS:
        raise InvalidError(f"a body has 1 to {BODY_MAX_CHARACTERS} characters", field="body")
