"""Knowledge as readers find it: published articles, searched by their words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
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
    conditions = [sql.SQL("NOT retired")]
    values: list[object] = []
    if kind is not None:
        conditions.append(sql.SQL("kind = %s"))
        values.append(kind)
    if language is not None:
        conditions.append(sql.SQL("language = %s"))
        values.append(language)
    if cursor:
        conditions.append(sql.SQL("position < %s"))
        values.append(read_cursor(cursor, int))
    query = sql.SQL(
        "SELECT id, position, kind, title, body, language, author, published_at, revised_at, retired, version"
        " FROM articles WHERE {} ORDER BY position DESC LIMIT %s"
    ).format(sql.SQL(" AND ").join(conditions))
    with connection.cursor(row_factory=class_row(ArticleRow)) as reader:
        rows = reader.execute(query, (*values, bounded(limit) + 1)).fetchall()
    kept, following = page_of(rows, limit, lambda row: row.position)
    return Page([_shown(row) for row in kept], following)


def get(connection: Connection, article: UUID) -> Article | None:
    """One published article; a retired one is not found."""
    with connection.cursor(row_factory=class_row(ArticleRow)) as reader:
        row = reader.execute(
            "SELECT id, position, kind, title, body, language, author, published_at, revised_at, retired, version"
            " FROM articles WHERE id = %s AND NOT retired",
            (article,),
        ).fetchone()
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
