"""Reading the knowledge-usage statistics: any span, by day and article or either or neither."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import dict_row

from eventstore.database import Connection
from projections.knowledge_usage.asked import Asked
from projections.knowledge_usage.by_article import PARTS
from projections.knowledge_usage.fold import KNOWLEDGE_USAGE
from projections.knowledge_usage.settle import each
from projections.report import Column, Report, as_of, refuse_unknown

_BY = ("day", "article")
_COUNTED: tuple[LiteralString, ...] = (
    "views",
    "searches",
    "helpful",
    "unhelpful",
    "suggested",
    "suggestion_opened",
    "contacts_after",
)
_MEASURES = tuple(Column(name, "count") for name in _COUNTED)
_SECONDS = 60
"""For a year of days in another zone."""
_DIMENSIONS = {"day": (Column("day", "day"),), "article": (Column("article", "text"), Column("title", "text"))}


def read(
    connection: Connection, *, since: datetime, until: datetime, by: Sequence[str] = _BY, tz: str = "UTC"
) -> Report:
    """The statistics of the visits that began in the period; `until` is exclusive. `searches`: that found the article.

    Raises InvalidError for a dimension or time zone that isn't one.
    """
    refuse_unknown(by, _BY, tz)
    position = as_of(connection, KNOWLEDGE_USAGE.name)
    asked = Asked(since, until, tz=tz)
    # sums are of days in UTC: another zone's are counted from the visits
    values = asked.unsummed if "day" in by and tz != "UTC" else asked.values
    connection.allow(_SECONDS)
    with connection.cursor(row_factory=dict_row) as reader:
        found = reader.execute(_SELECT, values | {"by_day": "day" in by, "by_article": "article" in by}).fetchall()
    columns = [column for name in by for column in _DIMENSIONS[name]] + list(_MEASURES)
    return Report(
        report=KNOWLEDGE_USAGE.name,
        version=KNOWLEDGE_USAGE.version,
        as_of_position=position,
        since=since,
        until=until,
        by=list(by),
        columns=columns,
        rows=[_row(row, columns) for row in found],
    )


_SELECT: LiteralString = (
    "SELECT u.day::text, u.article::text, coalesce(a.title, '') AS title, "  # noqa: S608 -- of literals
    + each("{}", _COUNTED) + " FROM ("
    "  SELECT CASE WHEN %(by_day)s THEN day END AS day, CASE WHEN %(by_article)s THEN article END AS article, "
    + each("sum({})::bigint AS {}", _COUNTED) + " FROM " + PARTS + " GROUP BY 1, 2"
    " ) AS u LEFT JOIN articles a ON a.id = u.article ORDER BY u.day, views DESC, searches DESC, u.article"
)  # fmt: skip


def _row(row: dict[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in columns}
