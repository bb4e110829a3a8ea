"""Reading the channel report: any span, by day and channel or either or neither, in the reader's time zone.

A first response counts on the day it was given, a resolution on the day it was made, under the channel the incident
was opened on. What was merged into another incident is not work of its own: it is neither opened nor resolved, and
its first answer is the whole's. Contacts and interactions count where they came in, merged or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from psycopg.rows import dict_row

from eventstore.database import Connection
from projections.channel_report.fold import CHANNEL_REPORT
from projections.report import Column, Report, as_of, refuse_unknown

_BY = ("day", "channel")
_MEASURES = (
    Column("contacts", "count"),
    Column("interactions_in", "count"),
    Column("interactions_out", "count"),
    Column("opened", "count"),
    Column("resolved", "count"),
    Column("reopened", "count"),
    Column("first_response_p50_seconds", "seconds"),
    Column("first_response_p90_seconds", "seconds"),
    Column("resolution_p50_seconds", "seconds"),
    Column("resolution_p90_seconds", "seconds"),
    Column("share", "ratio"),
)
_DIMENSIONS = {"day": Column("day", "day"), "channel": Column("channel", "text")}


def read(
    connection: Connection, *, since: datetime, until: datetime, by: Sequence[str] = _BY, tz: str = "UTC"
) -> Report:
    """The report; `until` is exclusive. `share`: of the contacts of its day (of all, when not by day and channel).

    Raises InvalidError for a dimension or time zone that isn't one.
    """
    refuse_unknown(by, _BY, tz)
    position = as_of(connection, CHANNEL_REPORT.name)
    with connection.cursor(row_factory=dict_row) as reader:
        found = reader.execute(
            "WITH whole AS ("  # what was merged answers for the incident it is part of
            "  WITH RECURSIVE part AS ("
            "    SELECT merged_into AS root, first_response_at FROM report_incidents WHERE merged_into IS NOT NULL"
            "    UNION ALL SELECT i.merged_into, part.first_response_at FROM part"
            "    JOIN report_incidents i ON i.incident = part.root WHERE i.merged_into IS NOT NULL"
            "  ) SELECT root, min(first_response_at) AS answered_at FROM part"
            "  WHERE first_response_at IS NOT NULL GROUP BY root"
            "), happened AS ("
            "  SELECT quarter AS at, channel, contacts, interactions_in, interactions_out, 0 AS opened, 0 AS resolved,"
            "   0 AS reopened, NULL::float8 AS response, NULL::float8 AS resolution FROM report_quarters"
            "   WHERE quarter >= %(since)s AND quarter < %(until)s"
            "  UNION ALL SELECT opened_at, channel, 0, 0, 0, 1, 0, 0, NULL, NULL FROM report_incidents"
            "   WHERE merged_into IS NULL AND opened_at >= %(since)s AND opened_at < %(until)s"
            "  UNION ALL SELECT t.at, i.channel, 0, 0, 0, 0, (turn = 'resolved')::int - (turn = 'not resolved')::int,"
            "   (turn = 'reopened')::int - (turn = 'not reopened')::int,"
            "   NULL, NULL FROM report_turns t JOIN report_incidents i USING (incident)"
            "   WHERE i.merged_into IS NULL AND t.at >= %(since)s AND t.at < %(until)s"
            "  UNION ALL SELECT first_response_at, channel, 0, 0, 0, 0, 0, 0, first_response_seconds, NULL"
            "   FROM report_incidents WHERE merged_into IS NULL AND incident NOT IN (SELECT root FROM whole)"
            "   AND first_response_at >= %(since)s AND first_response_at < %(until)s"
            "  UNION ALL SELECT least(first_response_at, answered_at), channel, 0, 0, 0, 0, 0, 0,"
            "   greatest(0, extract(epoch FROM least(first_response_at, answered_at) - opened_at))::float8, NULL"
            "   FROM report_incidents JOIN whole ON root = incident WHERE merged_into IS NULL"
            "   AND answered_at >= %(since)s"  # goes without saying; but spares the look at those answered before
            "   AND least(first_response_at, answered_at) >= %(since)s"
            "   AND least(first_response_at, answered_at) < %(until)s"
            "  UNION ALL SELECT resolved_at, channel, 0, 0, 0, 0, 0, 0, NULL, resolution_seconds"
            "   FROM report_incidents WHERE merged_into IS NULL"
            "   AND resolved_at >= %(since)s AND resolved_at < %(until)s"
            "), placed AS ("
            "  SELECT CASE WHEN %(by_day)s THEN (at AT TIME ZONE %(tz)s)::date END AS day,"
            "   CASE WHEN %(by_channel)s THEN channel END AS channel, contacts, interactions_in, interactions_out,"
            "   opened, resolved, reopened, response, resolution FROM happened"
            "), counted AS ("
            "  SELECT day, channel, sum(contacts)::bigint AS contacts,"
            "   sum(interactions_in)::bigint AS interactions_in,"
            "   sum(interactions_out)::bigint AS interactions_out, sum(opened)::bigint AS opened,"
            "   sum(resolved)::bigint AS resolved,"
            "   sum(reopened)::bigint AS reopened,"
            "   percentile_cont(0.5) WITHIN GROUP (ORDER BY response) AS first_response_p50_seconds,"
            "   percentile_cont(0.9) WITHIN GROUP (ORDER BY response) AS first_response_p90_seconds,"
            "   percentile_cont(0.5) WITHIN GROUP (ORDER BY resolution) AS resolution_p50_seconds,"
            "   percentile_cont(0.9) WITHIN GROUP (ORDER BY resolution) AS resolution_p90_seconds"
            "  FROM placed GROUP BY day, channel"
            ") SELECT counted.*, contacts / nullif(sum(contacts) OVER ("
            "   PARTITION BY CASE WHEN %(by_channel)s THEN day END), 0)::float8 AS share"
            " FROM counted ORDER BY day, channel",
            {"since": since, "until": until, "by_day": "day" in by, "by_channel": "channel" in by, "tz": tz},
        ).fetchall()
    return Report(
        report=CHANNEL_REPORT.name,
        version=CHANNEL_REPORT.version,
        as_of_position=position,
        since=since,
        until=until,
        by=list(by),
        columns=[*(_DIMENSIONS[name] for name in by), *_MEASURES],
        rows=[_row(row, by) for row in found],
    )


def contacts(connection: Connection, *, since: datetime, until: datetime, tz: str) -> list[tuple[date, str, int]]:
    """Day, channel and how many contacts came in, of days and channels that had some."""
    return connection.execute(
        "SELECT (quarter AT TIME ZONE %(tz)s)::date AS day, channel, sum(contacts)::bigint FROM report_quarters"
        " WHERE quarter >= %(since)s AND quarter < %(until)s GROUP BY 1, 2 HAVING sum(contacts) > 0 ORDER BY 1, 2",
        {"since": since, "until": until, "tz": tz},
    ).fetchall()


def _row(row: dict[str, Any], by: Sequence[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in by:
        value = row[name]
        shown[name] = value.isoformat() if isinstance(value, date) else value
    return shown | {column.name: row[column.name] for column in _MEASURES}
