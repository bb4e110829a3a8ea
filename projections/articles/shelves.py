"""Published articles as the help centre lays them out: by category, with their languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.articles.readers import READABLE, SPOKEN, Reader


class Category(msgspec.Struct, frozen=True):
    """A category readers find something in, those below it counted with it."""

    name: str
    articles: int


class Tongue(msgspec.Struct, frozen=True):
    """The same article in a language. `outdated`: its original says something newer."""

    id: UUID
    language: str
    title: str
    outdated: bool


class Standing(msgspec.Struct, frozen=True):
    """What a page may know of an article its reader may not read: not its words."""

    state: str
    audience: str


def categories(connection: Connection, reader: Reader, language: str, *, within: str = "") -> list[Category]:
    """Of the first level, or those below one, by name."""
    query = sql.SQL(
        "SELECT level AS name, count(*)::int AS articles FROM (SELECT CASE WHEN %(within)s = ''"
        " THEN split_part(category, '/', 1) ELSE category END AS level FROM articles WHERE {} AND category <> ''"
        " AND {} AND (%(within)s = '' OR starts_with(category, %(within)s || '/'))) AS found"
        " GROUP BY level ORDER BY level"
    ).format(sql.SQL(READABLE), sql.SQL(SPOKEN))
    values = {"within": within, "language": language, **reader.values}
    with connection.cursor(row_factory=class_row(Category)) as rows:
        return rows.execute(query, values).fetchall()


def kinds(connection: Connection, reader: Reader, language: str) -> list[str]:
    """Those that there are articles of."""
    query = sql.SQL("SELECT DISTINCT kind FROM articles WHERE {} AND {}").format(sql.SQL(READABLE), sql.SQL(SPOKEN))
    rows: Sequence[tuple[str]] = connection.execute(query, {"language": language, **reader.values}).fetchall()
    return [kind for (kind,) in rows]


_TONGUES: LiteralString = (
    "SELECT articles.id, articles.language, articles.title,"
    " articles.original IS NOT NULL AND articles.of_edition < coalesce(first.edition, 0) AS outdated"
    " FROM articles LEFT JOIN articles AS first ON first.id = articles.original"
    " WHERE {} AND (articles.id = %(first)s OR articles.original = %(first)s) ORDER BY articles.language, articles.id"
)


def tongues(connection: Connection, reader: Reader, first: UUID) -> list[Tongue]:
    """The languages an article is read in; `first`: the original."""
    query = sql.SQL(_TONGUES).format(sql.SQL(READABLE))
    with connection.cursor(row_factory=class_row(Tongue)) as rows:
        return rows.execute(query, {"first": first, **reader.values}).fetchall()


def standing(connection: Connection, article: UUID) -> Standing | None:
    """How it stands, whoever asks; None for one that was never published."""
    with connection.cursor(row_factory=class_row(Standing)) as rows:
        return rows.execute("SELECT state, audience FROM articles WHERE id = %s AND edition > 0", (article,)).fetchone()
