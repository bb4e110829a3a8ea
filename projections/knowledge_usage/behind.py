"""The visits and the incidents behind a figure, the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.knowledge_usage.asked import Asked
from projections.knowledge_usage.trail import phrase_of
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from schemas.errors import InvalidError


class Figure(StrEnum):
    """Which figure is opened. The first of the second group needs an article, the last ones a phrase."""

    LOOKED = "looked"
    CONTACT = "contact"
    SOLVED = "solved"
    ABANDONED = "abandoned"
    LEFT = "left"
    FOUND_NOTHING = "found_nothing"
    READERS = "readers"
    READERS_CONTACT = "readers_contact"
    AGAINST = "against"
    PHRASE = "phrase"
    PHRASE_NOTHING = "phrase_nothing"


OF_AN_ARTICLE = frozenset({Figure.READERS, Figure.READERS_CONTACT, Figure.AGAINST})
OF_A_PHRASE = frozenset({Figure.PHRASE, Figure.PHRASE_NOTHING})


class VisitTold(msgspec.Struct, frozen=True):
    """A visit, step by step. `incident`: what its message became, if who asks may see it."""

    visit: UUID
    began: datetime
    surface: str
    language: str
    product: str
    outcome: str
    trail: list[dict[str, Any]]
    incident: int | None


class IncidentUsed(msgspec.Struct, frozen=True):
    """An incident that an article was used for."""

    number: int
    subject: str
    status: str
    at: datetime


def visits(
    connection: Connection,
    asked: Asked,
    figure: Figure,
    *,
    article: UUID | None = None,
    phrase: str = "",
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[VisitTold]:
    """Exactly those that the figure counts. Raises InvalidError for an article or phrase that is missing."""
    if figure in OF_AN_ARTICLE and article is None:
        raise InvalidError("which article?", field="article")
    if figure in OF_A_PHRASE and not phrase:
        raise InvalidError("which phrase?", field="phrase")
    after, visit = read_cursor(cursor, tuple[datetime, UUID]) if cursor else (None, None)
    values = asked.values | {
        "figure": figure.value,
        "article": article,
        "phrase": phrase_of(phrase),
        "after": after,
        "visit": visit,
        "limit": bounded(limit) + 1,
    }
    with connection.cursor(row_factory=class_row(VisitTold)) as reader:
        rows = reader.execute(_SELECT + _BEHIND[figure] + (_AFTER if cursor else "") + _PAGE, values).fetchall()
    kept, following = page_of(rows, limit, lambda row: (row.began, row.visit))
    return Page(kept, following)


def incidents(
    connection: Connection, article: UUID, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[IncidentUsed]:
    """Those an article was used for, as far as who asks may see them; the last used first."""
    after, number = read_cursor(cursor, tuple[datetime, int]) if cursor else (None, None)
    values = {"article": article, "after": after, "number": number, "limit": bounded(limit) + 1}
    with connection.cursor(row_factory=class_row(IncidentUsed)) as reader:
        rows = reader.execute(
            _INCIDENTS + (" AND (at, number) < (%(after)s, %(number)s)" if cursor else "") + _LAST_USED, values
        ).fetchall()
    kept, following = page_of(rows, limit, lambda row: (row.at, row.number))
    return Page(kept, following)


_SELECT: LiteralString = (
    "SELECT v.visit, v.began, v.surface, v.language, v.product, v.outcome, v.trail, ("
    "  SELECT number FROM jsonb_array_elements(v.trail) step JOIN entries e ON e.id = (step->>'interaction')::uuid"
    "  JOIN incidents i ON i.id = e.incident WHERE step->>'did' = 'sent' LIMIT 1) AS incident FROM usage_visits v"
)
_AMONG: LiteralString = (
    " AND CASE WHEN %(surface)s = '' THEN v.surface <> 'agent' ELSE v.surface = %(surface)s END"
    " AND (%(language)s = '' OR v.language = %(language)s) AND (%(product)s = '' OR v.product = %(product)s)"
    " AND d.began >= %(since)s AND d.began < %(until)s"
)
_READS: LiteralString = " JOIN usage_reads d USING (visit) WHERE d.article = %(article)s" + _AMONG
_FIRST: LiteralString = (
    " AND NOT EXISTS (SELECT FROM usage_searches e WHERE e.visit = d.visit AND e.place < d.place AND "
)
_BEHIND: Mapping[Figure, LiteralString] = {
    Figure.LOOKED: " JOIN usage_visits d USING (visit) WHERE d.looked" + _AMONG,
    Figure.CONTACT: " JOIN usage_visits d USING (visit) WHERE d.outcome = 'contact' AND d.looked" + _AMONG,
    Figure.SOLVED: " JOIN usage_visits d USING (visit) WHERE d.outcome = 'solved'" + _AMONG,
    Figure.ABANDONED: " JOIN usage_visits d USING (visit) WHERE d.outcome = 'abandoned'" + _AMONG,
    Figure.LEFT: " JOIN usage_visits d USING (visit) WHERE d.outcome = 'left'" + _AMONG,
    Figure.FOUND_NOTHING: (" JOIN usage_searches d USING (visit) WHERE d.found = 0" + _AMONG + _FIRST + "e.found = 0)"),
    Figure.READERS: _READS + " AND d.views > 0",
    Figure.READERS_CONTACT: _READS + " AND d.contacted",
    Figure.AGAINST: _READS + " AND d.vote = 'no'",
    Figure.PHRASE: (
        " JOIN usage_searches d USING (visit) WHERE d.phrase = %(phrase)s" + _AMONG + _FIRST + "e.phrase = d.phrase)"
    ),
    Figure.PHRASE_NOTHING: (
        " JOIN usage_searches d USING (visit) WHERE d.phrase = %(phrase)s AND d.found = 0"
        + _AMONG
        + _FIRST
        + "e.phrase = d.phrase AND e.found = 0)"
    ),
}
_AFTER: LiteralString = " AND (d.began, d.visit) < (%(after)s, %(visit)s)"
_PAGE: LiteralString = " ORDER BY d.began DESC, d.visit DESC LIMIT %(limit)s"
_INCIDENTS: LiteralString = (
    "SELECT number, subject, status, at FROM usage_links JOIN incidents ON id = incident"
    " WHERE article = %(article)s AND linked"
)
_LAST_USED: LiteralString = " ORDER BY at DESC, number DESC LIMIT %(limit)s"
