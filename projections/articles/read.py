"""Knowledge as readers find it: what is published, for whom it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.articles.fold import product_key
from projections.articles.readers import READABLE, SPOKEN, Reader
from projections.articles.rows import FILES, FileRow
from projections.page import LIMIT, Page, bounded, page_of, read_cursor


class Article(msgspec.Struct, frozen=True):
    """A published article. `body` is Markdown; `original`: what it is a translation of."""

    id: UUID
    kind: str
    title: str
    body: str
    language: str
    author: str
    published_at: datetime
    revised_at: datetime | None
    version: int
    edition: int
    category: str
    labels: list[str]
    products: list[str]
    versions: list[str]
    audience: str
    original: UUID | None


class Outline(msgspec.Struct, frozen=True):
    """What tells where an article stands, without its text."""

    id: UUID
    title: str
    language: str
    category: str
    original: UUID | None


class _Placed(Article, frozen=True):
    """With its place in the lists."""

    position: int


_COLUMNS: LiteralString = (
    "id, kind, title, body, language, author, published_at, revised_at, version, edition, category, labels, products,"
    " versions, audience, original"
)


def find(
    connection: Connection,
    reader: Reader,
    *,
    kind: str | None = None,
    language: str | None = None,
    category: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[Article]:
    """Published articles, newest first. `category`: with those below it."""
    asked: dict[LiteralString, object] = {
        "kind = %(kind)s": kind,
        SPOKEN: language,
        "(category = %(category)s OR starts_with(category, %(category)s || '/'))": category,
        "position < %(after)s": read_cursor(cursor, int) if cursor else None,
    }
    query = sql.SQL("SELECT {}, position FROM articles WHERE {} ORDER BY position DESC LIMIT %(limit)s").format(
        sql.SQL(_COLUMNS),
        sql.SQL(" AND ").join(
            [sql.SQL(READABLE), *(sql.SQL(condition) for condition, value in asked.items() if value is not None)]
        ),
    )
    values = {
        "kind": kind,
        "language": language,
        "category": category,
        "after": asked["position < %(after)s"],
        "limit": bounded(limit) + 1,
        **reader.values,
    }
    with connection.cursor(row_factory=class_row(_Placed)) as rows:
        kept, following = page_of(rows.execute(query, values).fetchall(), limit, lambda row: row.position)
    return Page([_shown(row) for row in kept], following)


def get(connection: Connection, reader: Reader, article: UUID) -> Article | None:
    """One published article, if this reader may see it."""
    found = get_each(connection, reader, [article])
    return found[0] if found else None


def get_each(connection: Connection, reader: Reader, wanted: Sequence[UUID]) -> list[Article]:
    """Those of the wanted that this reader may see, in the order asked for."""
    query = sql.SQL("SELECT {} FROM articles WHERE id = ANY(%(wanted)s) AND {}").format(
        sql.SQL(_COLUMNS), sql.SQL(READABLE)
    )
    with connection.cursor(row_factory=class_row(Article)) as rows:
        found = {row.id: row for row in rows.execute(query, {"wanted": list(wanted), **reader.values}).fetchall()}
    return [found[each] for each in wanted if each in found]


def outlines(connection: Connection, reader: Reader) -> list[Outline]:
    """Of all that this reader may see, the oldest first."""
    query = sql.SQL("SELECT id, title, language, category, original FROM articles WHERE {} ORDER BY position").format(
        sql.SQL(READABLE)
    )
    with connection.cursor(row_factory=class_row(Outline)) as rows:
        return rows.execute(query, reader.values).fetchall()


def files(connection: Connection, reader: Reader, wanted: Sequence[UUID]) -> list[FileRow]:
    """What belongs to those of the wanted that this reader may see, the oldest first.

    Others than agents get what stands in the published text: what was only added to it is a draft still. All that is
    added to a published download is offered, for it need not stand in its text.
    """
    query = sql.SQL(
        "SELECT {} FROM article_files AS f JOIN articles ON articles.id = f.article"
        " WHERE f.article = ANY(%(wanted)s) AND NOT f.removed AND {}"
        " AND (%(agent)s OR articles.kind = 'download' OR strpos(articles.body, f.file::text) > 0) ORDER BY f.position"
    ).format(sql.SQL(", ").join(sql.Identifier("f", name) for name in FILES.columns), sql.SQL(READABLE))
    with connection.cursor(row_factory=class_row(FileRow)) as rows:
        return rows.execute(query, {"wanted": list(wanted), **reader.values}).fetchall()


def redirect_of(connection: Connection, reader: Reader, article: UUID) -> UUID | None:
    """Where a retired article leads this reader, if anywhere: past others that were retired since, five at the most."""
    row = connection.execute(
        sql.SQL(
            "WITH RECURSIVE led AS ("
            "  SELECT redirect_to AS next, 1 AS step FROM articles WHERE id = %(gone)s AND state = 'retired'"
            "  UNION ALL SELECT a.redirect_to, step + 1 FROM led JOIN articles AS a ON a.id = led.next"
            "   WHERE a.state = 'retired' AND step < 5"
            ") SELECT articles.id FROM led JOIN articles ON articles.id = led.next WHERE {} ORDER BY step LIMIT 1"
        ).format(sql.SQL(READABLE)),
        {"gone": article, **reader.values},
    ).fetchone()
    return row[0] if row else None


def _shown(row: _Placed) -> Article:
    return Article(**{name: getattr(row, name) for name in Article.__struct_fields__})


def product_named(connection: Connection, typed: str) -> str:
    """A product as articles write it, however it is typed; empty: no article is about such a one."""
    found = connection.execute(
        "SELECT products[array_position(product_keys, %(key)s)] FROM articles WHERE product_keys && ARRAY[%(key)s]"
        " AND state = 'published' LIMIT 1",
        {"key": product_key(typed)},
    ).fetchone()
    return str(found[0]) if found else ""
