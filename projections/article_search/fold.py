"""How facts become what is sought: published texts without their marks, how they are filed, and synonyms."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.article_search.plain import plain
from projections.articles.fold import product_key
from projections.articles.rows import NEVER
from projections.projection import Projection, Table, changes, on
from schemas.facts.article import ArticlePublished, ArticleReinstated, ArticleRetired, ArticleRevised
from schemas.facts.shelving import ArticleDescribed
from schemas.facts.synonyms import SynonymsRemoved, SynonymsSet
from schemas.language import base_language


class SearchedRow(msgspec.Struct, frozen=True):
    """A row of `searched_articles`; the defaults are those of one that nobody published yet."""

    id: UUID
    position: int = 0
    kind: str = ""
    language: str = ""
    title: str = ""
    body: str = ""
    state: str = "draft"
    category: str = ""
    labels: list[str] = []
    products: list[str] = []
    product_keys: list[str] = []
    audience: str = "public"


class WordRow(msgspec.Struct, frozen=True):
    """A row of `article_vocabulary`; the database counts."""

    language: str
    word: str
    stem: str
    articles: int
    open: int
    owned: int


class SynonymsRow(msgspec.Struct, frozen=True):
    """A row of `synonyms`."""

    id: UUID
    position: int = 0
    words: list[str] = []
    language: str = ""
    removed: bool = True
    changed_by: str = ""
    changed_at: datetime = NEVER


SEARCHED = Table("searched_articles", SearchedRow, ("id",), lambda article: SearchedRow(id=article))
VOCABULARY = Table("article_vocabulary", WordRow, ("word", "language"))
SYNONYMS = Table("synonyms", SynonymsRow, ("id",), lambda group: SynonymsRow(id=group))


def _published(row: SearchedRow, fact: ArticlePublished, event: Recorded) -> SearchedRow:
    return replace(
        row,
        position=event.position,
        kind=fact.kind.value,
        language=base_language(fact.language),
        title=fact.title,
        body=plain(fact.body),
        state="published",
    )


def _revised(row: SearchedRow, fact: ArticleRevised, _: Recorded) -> SearchedRow:
    return replace(row, title=fact.title, body=plain(fact.body), state="published")


def _retired(row: SearchedRow, _fact: ArticleRetired, _: Recorded) -> SearchedRow:
    return replace(row, state="retired")


def _reinstated(row: SearchedRow, _fact: ArticleReinstated, _: Recorded) -> SearchedRow:
    return replace(row, state="published")


def _described(row: SearchedRow, fact: ArticleDescribed, _: Recorded) -> SearchedRow:
    return replace(
        row,
        kind=fact.kind.value,
        category=fact.shelf,
        labels=list(fact.labels),
        products=list(fact.products),
        product_keys=[product_key(each) for each in fact.products],
        audience=fact.audience.value,
    )


def _set(row: SynonymsRow, fact: SynonymsSet, event: Recorded) -> SynonymsRow:
    return SynonymsRow(
        id=fact.synonyms,
        position=row.position or event.position,
        words=list(fact.words),
        language=fact.language,
        removed=False,
        changed_by=fact.by,
        changed_at=fact.at,
    )


def _removed(row: SynonymsRow, fact: SynonymsRemoved, _: Recorded) -> SynonymsRow:
    return replace(row, removed=True, changed_by=fact.by, changed_at=fact.at)


ARTICLE_SEARCH = Projection(
    "article_search",
    version=6,
    ddl="article_search/tables.sql",
    tables=(SEARCHED, VOCABULARY, SYNONYMS),
    on=(
        on(ArticlePublished, changes(SEARCHED, lambda fact: fact.article, _published)),
        on(ArticleRevised, changes(SEARCHED, lambda fact: fact.article, _revised)),
        on(ArticleRetired, changes(SEARCHED, lambda fact: fact.article, _retired)),
        on(ArticleReinstated, changes(SEARCHED, lambda fact: fact.article, _reinstated)),
        on(ArticleDescribed, changes(SEARCHED, lambda fact: fact.article, _described)),
        on(SynonymsSet, changes(SYNONYMS, lambda fact: fact.synonyms, _set)),
        on(SynonymsRemoved, changes(SYNONYMS, lambda fact: fact.synonyms, _removed)),
    ),
)
