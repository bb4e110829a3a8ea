"""Knowledge as readers find it: published articles, searched by their words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections.newest import by_key, newest
from projections.page import LIMIT, Page, bounded
from projections.projection import Projection, Table, changes, on, opens
from schemas.facts.article import ArticlePublished, ArticleRetired, ArticleRevised


class Article(msgspec.Struct, frozen=True):
    """A published article. `body` is Markdown."""

    id: UUID
    kind: str
    title: str
    body: str
    language: str
    author: str
    published_at: datetime
    revised_at: datetime | None
    version: int


class Found(msgspec.Struct, frozen=True):
    """A search result. `snippet`: plain text with the found words between `**`."""

    id: UUID
    title: str
    snippet: str
    url: str


class ArticleRow(msgspec.Struct, frozen=True):
    """A row of `articles`."""

    id: UUID
    position: int
    kind: str
    title: str
    body: str
    language: str
    author: str
    published_at: datetime
    revised_at: datetime | None
    retired: bool
    version: int


_ARTICLES = Table("articles", ArticleRow, ("id",))


def _published(fact: ArticlePublished, event: Recorded) -> ArticleRow:
    return ArticleRow(
        id=fact.article,
        position=event.position,
        kind=fact.kind.value,
        title=fact.title,
        body=fact.body,
        language=fact.language,
        author=fact.by,
        published_at=fact.at,
        revised_at=None,
        retired=False,
        version=event.version,
    )


def _revised(row: ArticleRow, fact: ArticleRevised, event: Recorded) -> ArticleRow:
    return replace(row, title=fact.title, body=fact.body, revised_at=fact.at, version=event.version)


def _retired(row: ArticleRow, _: ArticleRetired, event: Recorded) -> ArticleRow:
    return replace(row, retired=True, version=event.version)


ARTICLES = Projection(
    "articles",
    version=1,
    ddl="articles.sql",
    tables=(_ARTICLES,),
    on=(
        on(ArticlePublished, opens(_ARTICLES, lambda fact: fact.article, _published)),
        on(ArticleRevised, changes(_ARTICLES, lambda fact: fact.article, _revised)),
        on(ArticleRetired, changes(_ARTICLES, lambda fact: fact.article, _retired)),
    ),
)


def find(
    connection: Connection,
    *,
    kind: str | None = None,
    language: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[Article]:
    """Published articles, newest first."""
    kept, following = newest(
        connection,
        _ARTICLES,
        lambda row: row.position,
        [("kind = %s", kind), ("language = %s", language)],
        among="NOT retired",
        cursor=cursor,
        limit=limit,
    )
    return Page([_shown(row) for row in kept], following)


def get(connection: Connection, article: UUID) -> Article | None:
    """One published article; a retired one is not found."""
    row = by_key(connection, _ARTICLES, article, among="NOT retired")
    return _shown(row) if row else None


def get_each(connection: Connection, wanted: Sequence[UUID]) -> list[Article]:
    """Those of the wanted that are published, in the order asked for."""
    with connection.cursor(row_factory=class_row(ArticleRow)) as reader:
        rows = reader.execute(
            "SELECT id, position, kind, title, body, language, author, published_at, revised_at, retired, version"
            " FROM articles WHERE id = ANY(%s) AND NOT retired",
            (list(wanted),),
        ).fetchall()
    found = {row.id: _shown(row) for row in rows}
    return [found[each] for each in wanted if each in found]


def search(connection: Connection, q: str, *, locale: str | None = None, limit: int = 10) -> list[Found]:
    """Articles with any of the words, best first; those in the reader's language before others."""
    language = (locale or "").partition("-")[0].lower()
    rows: Sequence[tuple[UUID, str, str]] = connection.execute(
        "WITH sought AS ("
        "  SELECT replace(plainto_tsquery('public.words', %(q)s)::text, '&', '|')::tsquery AS words"
        ") SELECT id, title, ts_headline('public.words', body, words,"
        "  'StartSel=**, StopSel=**, MaxFragments=1, MaxWords=30, MinWords=12')"
        " FROM articles, sought WHERE NOT retired AND to_tsvector('public.words', title || ' ' || body) @@ words"
        " ORDER BY (split_part(lower(language), '-', 1) = %(language)s) DESC, ts_rank("
        "  setweight(to_tsvector('public.words', title), 'A') || to_tsvector('public.words', body), words, 1) DESC,"
        "  position DESC LIMIT %(limit)s",
        {"q": q, "language": language, "limit": bounded(limit)},
    ).fetchall()
    return [Found(article, title, snippet, f"/articles/{article}") for article, title, snippet in rows]


def _shown(row: ArticleRow) -> Article:
    return Article(
        id=row.id,
        kind=row.kind,
        title=row.title,
        body=row.body,
        language=row.language,
        author=row.author,
        published_at=row.published_at,
        revised_at=row.revised_at,
        version=row.version,
    )
