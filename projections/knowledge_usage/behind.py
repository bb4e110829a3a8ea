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
    """Which figure is opened: of visits; of these, of one article if it is said; of an article; of a phrase or word."""

    LOOKED = "looked"
    CONTACT = "contact"
    SOLVED = "solved"
    ABANDONED = "abandoned"
    LEFT = "left"
    READ = "read"
    SEARCHED = "searched"
    FOUND_NOTHING = "found_nothing"

    HELPFUL = "helpful"
    AGAINST = "against"
    SUGGESTED = "suggested"
    SUGGESTION_OPENED = "suggestion_opened"
    DOWNLOADED = "downloaded"

    READERS = "readers"
    READERS_CONTACT = "readers_contact"
    FOUND = "found"

    PHRASE = "phrase"
    PHRASE_NOTHING = "phrase_nothing"
    WORD = "word"
    WORD_NOTHING = "word_nothing"


class Next(StrEnum):
    """What came after a search."""

    OPENED = "opened"
    SEARCHED = "searched"
    CONTACT = "contact"
    SOLVED = "solved"
    LEFT = "left"


OF_AN_ARTICLE = frozenset({Figure.READERS, Figure.READERS_CONTACT, Figure.FOUND})
OF_A_PHRASE = frozenset({Figure.PHRASE, Figure.PHRASE_NOTHING, Figure.WORD, Figure.WORD_NOTHING})


class VisitTold(msgspec.Struct, frozen=True):
    """A visit, step by step. `incidents`: what each of its interactions became; `incident`: the first of them."""

    visit: UUID
    began: datetime
    surface: str
    language: str
    product: str
    outcome: str
    trail: list[dict[str, Any]]
    incident: int | None
    incidents: dict[str, int]


class IncidentUsed(msgspec.Struct, frozen=True):
    """An incident that an article was used for. `status`: of what it was merged into, if it was."""

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
    then: Next | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[VisitTold]:
    """Exactly those that the figure counts. `phrase`: or the word; `then`: only where that came after it.

    Of an article its own language and product are asked, not those of the visits. Raises InvalidError for an article or
    phrase that is missing.
    """
    if figure in OF_AN_ARTICLE and article is None:
        raise InvalidError("which article?", field="article")
    if figure in OF_A_PHRASE and not phrase:
        raise InvalidError("which phrase?", field="phrase")
    after, visit = read_cursor(cursor, tuple[datetime, UUID]) if cursor else (None, None)
    values = asked.values | {
        "figure": figure.value,
        "article": article,
        "phrase": phrase_of(phrase),
        "then": then,
        "after": after,
        "visit": visit,
        "limit": bounded(limit) + 1,
    }
    with connection.cursor(row_factory=class_row(VisitTold)) as reader:
        condition = _OF_ARTICLE[figure] if article else _OF_ALL[figure]
        among = _AMONG + ("" if article else _OF_VISITS)
        query = _SELECT + condition.format(among=among + (_THEN if then else ""))
        rows = reader.execute(query + (_AFTER if cursor else "") + _PAGE, values).fetchall()
    kept, following = page_of(rows, limit, lambda row: (row.began, row.visit))
    return Page(kept, following)


def incidents(
    connection: Connection,
    article: UUID,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[IncidentUsed]:
    """Those an article was used for, ever or in a time, as far as who asks may see them; the last used first."""
    after, number = read_cursor(cursor, tuple[datetime, int]) if cursor else (None, None)
    during = " AND at >= %(since)s AND at < %(until)s" if since and until else ""
    values = {
        "article": article,
        "since": since,
        "until": until,
        "after": after,
        "number": number,
        "limit": bounded(limit) + 1,
    }
    with connection.cursor(row_factory=class_row(IncidentUsed)) as reader:
        rows = reader.execute(
            _INCIDENTS + during + (" AND (at, number) < (%(after)s, %(number)s)" if cursor else "") + _LAST_USED, values
        ).fetchall()
    kept, following = page_of(rows, limit, lambda row: (row.at, row.number))
    return Page(kept, following)


_BECAME: LiteralString = (
    " FROM jsonb_array_elements(v.trail) WITH ORDINALITY AS told (step, place)"
    " JOIN entries e ON e.id = (step->>'interaction')::uuid JOIN incidents i ON i.id = e.incident"
)
_SELECT: LiteralString = (
    "SELECT v.visit, v.began, v.surface, v.language, v.product, v.outcome, v.trail,"  # noqa: S608 -- of literals
    " (SELECT number" + _BECAME + " ORDER BY place LIMIT 1) AS incident,"
    " (SELECT coalesce(jsonb_object_agg(e.id, number), '{}')" + _BECAME + ") AS incidents FROM usage_visits v"
)
_AMONG: LiteralString = (
    " AND CASE WHEN %(surface)s = '' THEN v.surface <> 'agent' ELSE v.surface = %(surface)s END"
    " AND d.began >= %(since)s AND d.began < %(until)s"
)
_OF_VISITS: LiteralString = (
    " AND (%(language)s = '' OR v.language = %(language)s) AND (%(product)s = '' OR v.product = %(product)s)"
)
_THEN: LiteralString = " AND d.next = %(then)s"


def _visits(condition: LiteralString) -> LiteralString:
    return " JOIN usage_visits d USING (visit) WHERE " + condition + "{among}"


def _counted(measure: LiteralString) -> LiteralString:
    return " JOIN usage_counted d USING (visit) WHERE d." + measure + " > 0{among}"


def _reads(measure: LiteralString) -> LiteralString:
    return " JOIN usage_reads d USING (visit) WHERE d.article = %(article)s AND d." + measure + " > 0{among}"


def _searches(condition: LiteralString) -> LiteralString:
    """By the first one of a visit: who searches twice is shown once."""
    return (
        " JOIN usage_searches d USING (visit) WHERE " + condition.replace("?", "d") + "{among} AND NOT EXISTS ("
        " SELECT FROM usage_searches e WHERE e.visit = d.visit AND e.place < d.place AND "
        + condition.replace("?", "e")
        + " AND (%(then)s::text IS NULL OR e.next = %(then)s))"
    )


_PHRASE: LiteralString = "?.phrase = %(phrase)s"
_WORD: LiteralString = "string_to_array(?.phrase, ' ') @> ARRAY[%(phrase)s::text]"
_OF_ALL: Mapping[Figure, LiteralString] = {
    Figure.LOOKED: _visits("d.looked"),
    Figure.CONTACT: _visits("d.outcome = 'contact' AND d.looked"),
    Figure.SOLVED: _visits("d.outcome = 'solved'"),
    Figure.ABANDONED: _visits("d.outcome = 'abandoned'"),
    Figure.LEFT: _visits("d.outcome = 'left'"),
    Figure.READ: _counted("views"),
    Figure.SEARCHED: _counted("searches"),
    Figure.FOUND_NOTHING: _searches("?.found = 0"),
    Figure.HELPFUL: _counted("helpful"),
    Figure.AGAINST: _counted("unhelpful"),
    Figure.SUGGESTED: _counted("suggested"),
    Figure.SUGGESTION_OPENED: _counted("suggestion_opened"),
    Figure.DOWNLOADED: _counted("downloads"),
    Figure.PHRASE: _searches(_PHRASE),
    Figure.PHRASE_NOTHING: _searches(_PHRASE + " AND ?.found = 0"),
    Figure.WORD: _searches(_WORD),
    Figure.WORD_NOTHING: _searches(_WORD + " AND ?.found = 0"),
}
_OF_ARTICLE: Mapping[Figure, LiteralString] = {
    **_OF_ALL,
    Figure.HELPFUL: _reads("helpful"),
    Figure.AGAINST: _reads("unhelpful"),
    Figure.SUGGESTED: _reads("suggested"),
    Figure.SUGGESTION_OPENED: _reads("suggestion_opened"),
    Figure.DOWNLOADED: _reads("downloads"),
    Figure.READERS: _reads("readers"),
    Figure.READERS_CONTACT: _reads("contacts_after"),
    Figure.FOUND: _searches("?.results @> ARRAY[%(article)s::uuid]"),
}
_AFTER: LiteralString = " AND (d.began, d.visit) < (%(after)s, %(visit)s)"
_PAGE: LiteralString = " ORDER BY d.began DESC, d.visit DESC LIMIT %(limit)s"
_STANDS: LiteralString = (
    "(WITH RECURSIVE up AS ("
    " SELECT merged_into, coalesce(family_status, status) AS status FROM incidents i WHERE i.id = incident"
    " UNION ALL SELECT i.merged_into, coalesce(i.family_status, i.status) FROM up, LATERAL"
    "  (SELECT * FROM incidents WHERE id = up.merged_into OFFSET 0) AS i"
    ") SELECT status FROM up WHERE merged_into IS NULL)"
)
_INCIDENTS: LiteralString = (
    "SELECT number, subject, " + _STANDS + " AS status, at FROM usage_links JOIN incidents ON id = incident"  # noqa: S608 -- of literals
    " WHERE article = %(article)s AND linked"
)
_LAST_USED: LiteralString = " ORDER BY at DESC, number DESC LIMIT %(limit)s"
