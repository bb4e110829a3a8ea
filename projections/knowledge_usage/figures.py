"""The figures of self-service over a period, as one row and by day."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.knowledge_usage.asked import IN_QUARTERS, Asked
from projections.knowledge_usage.settle import VISIT_MEASURES, each


class Figures(msgspec.Struct, frozen=True):
    """Of the visits that began in the period. What each says stands in docs/knowledge.md and on the screen.

    `seconds`: so long articles were in sight, in the `timed` of the views of which that is known.
    """

    visits: int
    looked: int
    contacts: int
    contacts_after_looking: int
    solved: int
    abandoned: int
    searches: int
    zero_searches: int
    views: int
    seconds: int
    timed: int
    suggested: int
    suggestion_opened: int
    helpful: int
    unhelpful: int
    downloads: int
    deflection_rate: float | None
    zero_rate: float | None
    helpful_rate: float | None
    acceptance_rate: float | None
    read_seconds: float | None


class Day(msgspec.Struct, frozen=True):
    """Of the visits that began on a day and looked for help: how they ended."""

    day: date
    looked: int
    solved: int
    unanswered: int
    contacts: int


def figures(connection: Connection, asked: Asked) -> Figures:
    """All of them. A rate without anything below its line is None."""
    with connection.cursor(row_factory=class_row(Figures)) as reader:
        found = reader.execute(_FIGURES, asked.values).fetchone()
    assert found is not None  # noqa: S101 -- an aggregate without groups has one row
    return found


def by_day(connection: Connection, asked: Asked) -> list[Day]:
    """How the visits of each day ended, in the asked time zone."""
    with connection.cursor(row_factory=class_row(Day)) as reader:
        return reader.execute(_BY_DAY, asked.values).fetchall()


_FIGURES: LiteralString = (
    "SELECT *, 1 - contacts_after_looking::float8 / nullif(looked, 0) AS deflection_rate,"  # noqa: S608 -- of literals
    " zero_searches::float8 / nullif(searches, 0) AS zero_rate,"
    " helpful::float8 / nullif(helpful + unhelpful, 0) AS helpful_rate,"
    " suggestion_opened::float8 / nullif(suggested, 0) AS acceptance_rate,"
    " seconds::float8 / nullif(timed, 0) AS read_seconds FROM ("
    "  SELECT " + each("coalesce(sum({}), 0)::bigint AS {}", VISIT_MEASURES) + " FROM usage_visit_counts"
    "  WHERE " + IN_QUARTERS + ") AS counted"
)
_BY_DAY: LiteralString = (
    "SELECT day, looked, solved, looked - solved - contacts AS unanswered, contacts FROM ("  # noqa: S608 -- of literals
    " SELECT (quarter AT TIME ZONE %(tz)s)::date AS day, sum(looked)::bigint AS looked, sum(solved)::bigint AS solved,"
    "  sum(contacts_after_looking)::bigint AS contacts FROM usage_visit_counts WHERE " + IN_QUARTERS + " GROUP BY 1"
    ") AS counted ORDER BY day"
)
