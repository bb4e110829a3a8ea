"""Knowledge as those who write it see it: drafts, what was retired, and all that belongs to one article."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import LiteralString, TypeVar
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.articles.fold import product_key
from projections.articles.rows import FILES, FLAGS, GAPS, TABLE, ArticleRow, EditionRow, FileRow, FlagRow, GapRow
from projections.likeness import likeness
from projections.newest import by_key, newest
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from projections.projection import Table

R = TypeVar("R", bound=msgspec.Struct)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to. `state`: draft, review, published, retired; a draft may stand beside what is read.

    `missing`: no translation into that language; `due`: to be looked at again by that day; `doubted`: flags are open.
    """

    q: str | None = None
    state: str | None = None
    kind: str | None = None
    language: str | None = None
    category: str | None = None
    product: str | None = None
    label: str | None = None
    missing: str | None = None
    due: date | None = None
    outdated: bool = False
    doubted: bool = False


class Listed(msgspec.Struct, frozen=True):
    """An article in the list of those who write. `drafting`: a draft is beside what is read."""

    id: UUID
    title: str
    kind: str
    language: str
    state: str
    drafting: bool
    in_review: bool
    category: str
    labels: list[str]
    products: list[str]
    audience: str
    edition: int
    review_on: date | None
    changed_at: datetime
    changed_by: str
    original: UUID | None
    outdated: bool
    translations: list[str]
    doubts: int


class Translated(msgspec.Struct, frozen=True):
    """A translation of an article. `outdated`: the original has a later edition than it says."""

    id: UUID
    language: str
    title: str
    state: str
    of_edition: int
    outdated: bool


class Used(msgspec.Struct, frozen=True):
    """What articles are filed under."""

    categories: list[str]
    labels: list[str]
    products: list[str]


class Pinned(msgspec.Struct, frozen=True):
    """Where an article stands first. `shelf`: a category, or empty for the first page."""

    shelf: str
    rank: int


_OUTDATED: LiteralString = (
    "(a.original IS NOT NULL"
    " AND a.of_edition < coalesce((SELECT o.edition FROM articles o WHERE o.id = a.original), 0))"
)
_BEGUN: LiteralString = "(a.edition > 0 OR a.draft_body IS NOT NULL)"
_CONDITIONS: dict[str, LiteralString] = {
    "q": "(a.title ILIKE ANY(%(q)s) OR a.draft_title ILIKE ANY(%(q)s)"
    " OR array_to_string(a.labels, ' ') ILIKE ANY(%(q)s) OR a.category ILIKE ANY(%(q)s))",
    "kind": "a.kind = %(kind)s",
    "language": "%(language)s IN (a.language, split_part(lower(a.language), '-', 1))",
    "category": "(a.category = %(category)s OR starts_with(a.category, %(category)s || '/'))",
    "product": "%(product)s = ANY(a.product_keys)",
    "label": "%(label)s = ANY(a.labels)",
    "missing": "a.state <> 'retired' AND a.original IS NULL AND split_part(lower(a.language), '-', 1) <> %(missing)s"
    " AND NOT EXISTS (SELECT FROM articles t WHERE t.original = a.id AND t.state <> 'retired'"
    " AND split_part(lower(t.language), '-', 1) = %(missing)s)",
    "due": "a.review_on <= %(due)s AND a.state <> 'retired'",
    "outdated": "a.state <> 'retired' AND " + _OUTDATED,
    "doubted": "EXISTS (SELECT FROM article_flags f WHERE f.article = a.id AND f.settled_by = '')",
    "after": "(a.changed_at, a.id) < (%(after_at)s, %(after_id)s)",
}
_STATES: dict[str, LiteralString] = {
    "draft": "a.draft_body IS NOT NULL AND a.review_by = ''",
    "review": "a.review_by <> ''",
    "published": "a.state = 'published'",
    "retired": "a.state = 'retired'",
}


def find(connection: Connection, asked: Asked, *, cursor: str | None = None, limit: int = LIMIT) -> Page[Listed]:
    """What fits, the last changed first. What was begun and given up is not listed."""
    values: dict[str, object] = {
        name: value for name, value in msgspec.structs.asdict(asked).items() if value and name != "state"
    }
    conditions: list[LiteralString] = [_BEGUN, *(_CONDITIONS[name] for name in values)]
    if asked.q:
        values["q"] = likeness(asked.q)
    if asked.product:
        values["product"] = product_key(asked.product)
    if cursor:
        values["after_at"], values["after_id"] = read_cursor(cursor, tuple[datetime, UUID])
        conditions.append(_CONDITIONS["after"])
    if asked.state in _STATES:
        conditions.append(_STATES[asked.state])
    query = sql.SQL(
        "SELECT a.id, coalesce(nullif(a.title, ''), a.draft_title, '') AS title, a.kind, a.language, a.state,"
        " a.draft_body IS NOT NULL AND a.edition > 0 AS drafting, a.review_by <> '' AS in_review, a.category, a.labels,"
        " a.products, a.audience, a.edition, a.review_on, a.changed_at, a.changed_by, a.original, {} AS outdated,"
        " ARRAY(SELECT t.language FROM articles t WHERE t.original = a.id AND t.state <> 'retired' ORDER BY 1)"
        "  AS translations,"
        " (SELECT count(*) FROM article_flags f WHERE f.article = a.id AND f.settled_by = '') AS doubts"
        " FROM articles a WHERE {} ORDER BY a.changed_at DESC, a.id DESC LIMIT %(limit)s"
    ).format(
        sql.SQL(_OUTDATED),
        sql.SQL(" AND ").join(sql.SQL(each) for each in conditions),
    )
    with connection.cursor(row_factory=class_row(Listed)) as rows:
        found = rows.execute(query, {**values, "limit": bounded(limit) + 1}).fetchall()
    kept, following = page_of(found, limit, lambda each: (each.changed_at, each.id))
    return Page(kept, following)


def get(connection: Connection, article: UUID) -> ArticleRow | None:
    """All of one, however it stands."""
    return by_key(connection, TABLE, article)


def editions(connection: Connection, article: UUID) -> list[EditionRow]:
    """All that readers were ever given, the first one first: its number is its place, from 1."""
    with connection.cursor(row_factory=class_row(EditionRow)) as rows:
        return rows.execute(
            "SELECT position, article, title, body, by, at FROM article_editions WHERE article = %s ORDER BY position",
            (article,),
        ).fetchall()


def files(connection: Connection, article: UUID) -> list[FileRow]:
    """What belongs to it, the oldest first."""
    return _of_article(connection, FILES, article, "NOT removed")


def file(connection: Connection, wanted: UUID) -> FileRow | None:
    """One file, unless it was taken off."""
    return by_key(connection, FILES, wanted, among="NOT removed")


def doubts(connection: Connection, article: UUID) -> list[FlagRow]:
    """What agents hold against it and nobody has settled, the oldest first."""
    return _of_article(connection, FLAGS, article, "settled_by = ''")


def pins(connection: Connection, article: UUID) -> list[Pinned]:
    """Where it stands first."""
    with connection.cursor(row_factory=class_row(Pinned)) as rows:
        return rows.execute(
            "SELECT shelf, rank FROM article_pins WHERE article = %s AND pinned ORDER BY shelf", (article,)
        ).fetchall()


def translations(connection: Connection, original: UUID) -> list[Translated]:
    """Its translations that somebody works on or reads, by language."""
    with connection.cursor(row_factory=class_row(Translated)) as rows:
        return rows.execute(
            "SELECT t.id, t.language, coalesce(nullif(t.title, ''), t.draft_title, '') AS title, t.state, t.of_edition,"
            " t.of_edition < o.edition AS outdated FROM articles t JOIN articles o ON o.id = t.original"
            " WHERE t.original = %s AND t.state <> 'retired' AND (t.edition > 0 OR t.draft_body IS NOT NULL)"
            " ORDER BY t.language, t.position",
            (original,),
        ).fetchall()


def gaps(connection: Connection, *, state: str = "open", cursor: str | None = None, limit: int = LIMIT) -> Page[GapRow]:
    """Questions that no article answers, the newest first."""
    kept, following = newest(
        connection, GAPS, lambda row: row.position, [("state = %s", state)], cursor=cursor, limit=limit
    )
    return Page(kept, following)


def gap(connection: Connection, wanted: UUID) -> GapRow | None:
    """One question that no article answers, or answered."""
    return by_key(connection, GAPS, wanted)


def categories(connection: Connection) -> list[str]:
    """All that articles are filed under, by name."""
    return _words(connection, "SELECT DISTINCT category FROM articles WHERE category <> '' ORDER BY 1")


def products(connection: Connection) -> list[str]:
    """All that articles are about, by name."""
    return _words(connection, "SELECT DISTINCT unnest(products) FROM articles ORDER BY 1")


def used(connection: Connection) -> Used:
    """What one chooses from, each by name; labels and products as the articles changed last have them."""
    return Used(
        categories(connection),
        _words(
            connection,
            "SELECT DISTINCT unnest(labels) FROM"
            " (SELECT labels FROM articles ORDER BY changed_at DESC, id DESC LIMIT 2000) AS lately ORDER BY 1",
        ),
        _words(
            connection,
            "SELECT DISTINCT unnest(products) FROM"
            " (SELECT products FROM articles ORDER BY changed_at DESC, id DESC LIMIT 2000) AS lately ORDER BY 1",
        ),
    )


def _words(connection: Connection, query: LiteralString) -> list[str]:
    rows: Sequence[tuple[str]] = connection.execute(query).fetchall()
    return [word for (word,) in rows]


def _of_article(connection: Connection, table: Table[R], article: UUID, among: LiteralString) -> list[R]:
    query = sql.SQL("SELECT {} FROM {} WHERE article = %s AND {} ORDER BY position").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in table.columns),
        sql.Identifier(table.name),
        sql.SQL(among),
    )
    with connection.cursor(row_factory=class_row(table.row)) as rows:
        return rows.execute(query, (article,)).fetchall()
