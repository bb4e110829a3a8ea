"""Reading the knowledge-usage statistics: any span, by day and article or either or neither."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from eventstore.database import Connection
from projections.knowledge_usage.fold import KNOWLEDGE_USAGE
from projections.report import Column, Report, as_of, refuse_unknown

_BY = ("day", "article")
_MEASURES = (
    Column("views", "count"),
    Column("searches", "count"),
    Column("helpful", "count"),
    Column("unhelpful", "count"),
    Column("suggested", "count"),
    Column("suggestion_opened", "count"),
    Column("contacts_after", "count"),
)
_DIMENSIONS = {"day": (Column("day", "day"),), "article": (Column("article", "text"), Column("title", "text"))}


def read(
    connection: Connection, *, since: datetime, until: datetime, by: Sequence[str] = _BY, tz: str = "UTC"
) -> Report:
    """The statistics of the visits that began in the period; `until` is exclusive. `searches`: that found the article.

    Raises InvalidError for a dimension or time zone that isn't one.
    """
    refuse_unknown(by, _BY, tz)
    position = as_of(connection, KNOWLEDGE_USAGE.name)
    with connection.cursor(row_factory=dict_row) as reader:
        found = reader.execute(
            "SELECT u.day::text, u.article::text, coalesce(a.title, '') AS title, views, searches, helpful,"
            " unhelpful, suggested, suggestion_opened, contacts_after FROM ("
            "  SELECT CASE WHEN %(by_day)s THEN (quarter AT TIME ZONE %(tz)s)::date END AS day,"
            "   CASE WHEN %(by_article)s THEN article END AS article, sum(views)::bigint AS views,"
            "   sum(searches)::bigint AS searches,"
            "   sum(helpful)::bigint AS helpful, sum(unhelpful)::bigint AS unhelpful,"
            "   sum(suggested)::bigint AS suggested,"
            "   sum(suggestion_opened)::bigint AS suggestion_opened, sum(contacts_after)::bigint AS contacts_after"
            "  FROM usage_article_counts"
            "  WHERE quarter >= %(since)s AND quarter < %(until)s AND surface <> 'agent' GROUP BY 1, 2"
            " ) AS u LEFT JOIN articles a ON a.id = u.article"
            " ORDER BY u.day, views DESC, searches DESC, u.article",
            {"since": since, "until": until, "by_day": "day" in by, "by_article": "article" in by, "tz": tz},
        ).fetchall()
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


def _row(row: dict[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in columns}
