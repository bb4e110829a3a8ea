"""The figures of each article over a period, with what is known of the article itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.articles.fold import product_key
from projections.knowledge_usage.asked import AT_EDGES, IN_DAYS, Asked
from projections.knowledge_usage.settle import ARTICLE_MEASURES, READ_MEASURES, each


class Order(StrEnum):
    """Which articles come first."""

    VIEWS = "views"
    CONTACTS = "contacts"
    """Whose readers contacted us after all."""
    AGAINST = "against"
    SUGGESTED = "suggested"
    USED = "used"
    """By agents in answers."""
    REVIEW = "review"
    """Whose review is due next; also those nobody reads."""
    UNREAD = "unread"
    """The oldest that nobody read."""
    MISSING = "missing"
    """Those without a translation; the most read of them."""


class ArticleFigures(msgspec.Struct, frozen=True):
    """One article. `used`: answers of agents in the period that it was used in; `incidents`: of all time.

    `missing`: languages of ours that no published article says it in; of a translation none.
    """

    article: UUID
    title: str
    kind: str
    language: str
    views: int
    readers: int
    read_seconds: float | None
    searches: int
    helpful: int
    unhelpful: int
    helpful_rate: float | None
    suggested: int
    suggestion_opened: int
    acceptance_rate: float | None
    contacts_after: int
    contact_rate: float | None
    downloads: int
    used: int
    incidents: int
    published_at: datetime | None
    changed_at: datetime | None
    review_on: date | None
    missing: list[str]


def by_article(
    connection: Connection, asked: Asked, *, order: Order, languages: Sequence[str], limit: int
) -> list[ArticleFigures]:
    """At most `limit` published articles. `languages`: those that articles should be there in."""
    values = asked.values | {"limit": limit, "languages": list(languages), "product_key": product_key(asked.product)}
    with connection.cursor(row_factory=class_row(ArticleFigures)) as reader:
        return reader.execute(_SELECT + _ORDERS[order] + " LIMIT %(limit)s", values).fetchall()


def titles(connection: Connection, articles: Collection[str]) -> dict[str, str]:
    """What these articles are called."""
    rows: Sequence[tuple[str, str]] = connection.execute(
        "SELECT id::text, title FROM articles WHERE id = ANY(%s::uuid[])", (list(articles),)
    ).fetchall()
    return dict(rows)


_DAY: LiteralString = "SELECT (began AT TIME ZONE %(tz)s)::date, article, "
PARTS: LiteralString = (
    "(SELECT day, article, " + each("{}", ARTICLE_MEASURES) + " FROM usage_article_counts WHERE " + IN_DAYS  # noqa: S608 -- of literals
    + " UNION ALL " + _DAY + each("{}", READ_MEASURES) + ", 0 FROM usage_reads WHERE " + AT_EDGES
    + " UNION ALL " + _DAY + each("0", READ_MEASURES) + ", 1 FROM usage_searches, unnest(results) AS article WHERE "
    + AT_EDGES + ") AS parts"
)  # fmt: skip
"""Of each article and day, in parts to be summed."""
_SELECT: LiteralString = (
    "WITH counted AS (SELECT article, " + each("sum({})::bigint AS {}", ARTICLE_MEASURES) + ","  # noqa: S608 -- of literals
    "  sum(seconds)::float8 / nullif(sum(timed), 0) AS read_seconds,"
    "  sum(helpful)::float8 / nullif(sum(helpful) + sum(unhelpful), 0) AS helpful_rate,"
    "  sum(suggestion_opened)::float8 / nullif(sum(suggested), 0) AS acceptance_rate,"
    "  sum(contacts_after)::float8 / nullif(sum(readers), 0) AS contact_rate"
    "  FROM " + PARTS + " GROUP BY article"
    "), linked AS (SELECT article, count(*) AS used FROM usage_links"
    "  WHERE linked AND at >= %(since)s AND at < %(until)s GROUP BY article)"
    " SELECT a.id AS article, a.title, a.kind, a.language, coalesce(views, 0) AS views,"
    "  coalesce(readers, 0) AS readers, read_seconds, coalesce(searches, 0) AS searches,"
    "  coalesce(helpful, 0) AS helpful, coalesce(unhelpful, 0) AS unhelpful, helpful_rate,"
    "  coalesce(suggested, 0) AS suggested, coalesce(suggestion_opened, 0) AS suggestion_opened, acceptance_rate,"
    "  coalesce(contacts_after, 0) AS contacts_after, contact_rate, coalesce(downloads, 0) AS downloads,"
    "  coalesce(used, 0) AS used,"
    "  (SELECT count(*) FROM usage_links l WHERE l.article = a.id AND l.linked) AS incidents,"
    "  a.published_at, coalesce(a.revised_at, a.published_at) AS changed_at, a.review_on,"
    "  CASE WHEN a.original IS NULL THEN ARRAY("
    "   SELECT unnest(%(languages)s::text[]) EXCEPT SELECT a.language EXCEPT"
    "   SELECT t.language FROM articles t WHERE t.original = a.id AND t.state = 'published' ORDER BY 1"
    "  ) ELSE '{}' END AS missing"
    " FROM articles a LEFT JOIN counted ON counted.article = a.id LEFT JOIN linked ON linked.article = a.id"
    " WHERE a.state = 'published' AND (%(language)s = '' OR a.language = %(language)s)"
    "  AND (%(product)s = '' OR a.product_keys && ARRAY[%(product_key)s])"
)
_ORDERS: Mapping[Order, LiteralString] = {
    Order.VIEWS: " ORDER BY views DESC, searches DESC, a.id",
    Order.CONTACTS: " AND contacts_after > 0 ORDER BY contact_rate DESC, contacts_after DESC, a.id",
    Order.AGAINST: " AND unhelpful > 0 ORDER BY helpful_rate, unhelpful DESC, a.id",
    Order.SUGGESTED: " AND suggested > 0 ORDER BY suggested DESC, a.id",
    Order.USED: " AND used > 0 ORDER BY used DESC, a.id",
    Order.REVIEW: " AND a.review_on IS NOT NULL ORDER BY a.review_on, a.id",
    Order.UNREAD: " AND coalesce(counted.views, 0) = 0 ORDER BY a.published_at, a.id",
    Order.MISSING: (
        " AND a.original IS NULL AND EXISTS (SELECT unnest(%(languages)s::text[]) EXCEPT SELECT a.language EXCEPT"
        " SELECT t.language FROM articles t WHERE t.original = a.id AND t.state = 'published')"
        " ORDER BY views DESC, a.id"
    ),
}
