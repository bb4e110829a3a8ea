"""What stands beside an incident: similar ones that were solved, articles, mentions of a user, tags in use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import combinations
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.page import LIMIT, Page, bounded, page_of, read_cursor

_WORDS_MAX = 8
_CANDIDATES = 400
"""How many matches are looked at: a sample where there are more, so that common words cost no more than rare ones."""


class Solved(msgspec.Struct, frozen=True):
    """A solved incident that resembles another. `likeness`: 0 to 1, how much of the words they share."""

    number: int
    subject: str
    solution: str
    cause: str
    solved_at: datetime
    likeness: float


class Mention(msgspec.Struct, frozen=True):
    """Somebody called a user in a note. `seen`: they have read it."""

    position: int
    incident: int
    subject: str
    note_id: UUID
    text: str
    by: str
    at: datetime
    seen: bool


class TagUse(msgspec.Struct, frozen=True):
    """A tag, and on how many incidents it is."""

    tag: str
    uses: int


class LinkedArticle(msgspec.Struct, frozen=True):
    """An article that was linked to an incident."""

    id: UUID
    title: str
    url: str


def similar(connection: Connection, number: int, limit: int = 5) -> list[Solved]:
    """Solved incidents that share words with this one, the most alike first.

    Asks the index for pairs of its words, then for single ones; however often they occur, only a sample is read.
    """
    row = connection.execute(
        "SELECT incident, subject || ' ' || product FROM solutions WHERE number = %s",
        (number,),
    ).fetchone()
    if row is None:
        return []
    incident, text = row
    words = _telling(text)
    if not words:
        return []
    pairs = " | ".join(f"({one} & {other})" for one, other in combinations(words, 2))
    found = _alike(connection, incident, pairs, words, limit) if pairs else []
    if len(found) < limit:
        known = {each.number for each in found}
        found += [
            each for each in _alike(connection, incident, " | ".join(words), words, limit) if each.number not in known
        ]
    return found[:limit]


def _alike(connection: Connection, incident: UUID, query: str, words: Sequence[str], limit: int) -> list[Solved]:
    connection.execute("SELECT set_config('gin_fuzzy_search_limit', %s, true)", (str(_CANDIDATES),))
    with connection.cursor(row_factory=class_row(Solved)) as reader:
        rows = reader.execute(
            "WITH candidate AS MATERIALIZED ("
            "  SELECT incident, number, subject, solution, cause, solved_at,"
            "    to_tsvector('public.words', subject || ' ' || product || ' ' || solution || ' ' || cause) AS words"
            "  FROM solutions"
            "  WHERE to_tsvector('public.words', subject || ' ' || product || ' ' || solution || ' ' || cause)"
            "    @@ to_tsquery('public.words', %(query)s)"
            "    AND solved_at IS NOT NULL AND NOT merged AND solution <> '' AND incident <> %(incident)s"
            "  LIMIT %(candidates)s"
            ") SELECT number, subject, solution, cause, solved_at, (SELECT count(*)::float8 / %(count)s"
            "    FROM unnest(%(words)s::text[]) AS word"
            "    WHERE candidate.words @@ to_tsquery('public.words', word)) AS likeness"
            " FROM candidate ORDER BY likeness DESC, solved_at DESC LIMIT %(limit)s",
            {
                "query": query,
                "incident": incident,
                "candidates": _CANDIDATES,
                "words": list(words),
                "count": len(words),
                "limit": limit,
            },
        ).fetchall()
    connection.execute("SELECT set_config('gin_fuzzy_search_limit', '0', true)")
    return rows


def _telling(text: str) -> list[str]:
    """The words of a subject that may tell it from others: the longest ones; quoted, as a search takes them."""
    found = dict.fromkeys(word.lower() for word in re.findall(r"\w{3,}", text))
    return [f"'{word}'" for word in sorted(found, key=lambda word: (-len(word), word))[:_WORDS_MAX]]


def linked_articles(connection: Connection, incident: UUID) -> list[LinkedArticle]:
    """Articles linked to an incident that can still be read, as they were linked."""
    rows: Sequence[tuple[UUID, str]] = connection.execute(
        "SELECT a.id, a.title FROM incident_articles i JOIN articles a ON a.id = i.article"
        " WHERE i.incident = %s AND i.linked AND a.state = 'published' ORDER BY i.position",
        (incident,),
    ).fetchall()
    return [LinkedArticle(article, title, f"/articles/{article}") for article, title in rows]


def tags(connection: Connection, beginning: str = "", limit: int = 20) -> list[TagUse]:
    """Tags in use that begin so, the most used first."""
    like = beginning.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    with connection.cursor(row_factory=class_row(TagUse)) as reader:
        return reader.execute(
            "SELECT tag, uses FROM tag_uses WHERE tag LIKE %s AND uses > 0 ORDER BY uses DESC, tag LIMIT %s",
            (like, bounded(limit)),
        ).fetchall()


def mentions(connection: Connection, agent: str, *, cursor: str | None = None, limit: int = LIMIT) -> Page[Mention]:
    """Notes that call this user, the newest first."""
    before = read_cursor(cursor, int) if cursor else None
    with connection.cursor(row_factory=class_row(Mention)) as reader:
        rows = reader.execute(
            "SELECT m.position, i.number AS incident, i.subject, m.note AS note_id, coalesce(e.text, '') AS text, m.by,"
            " m.at, m.position <= coalesce((SELECT position FROM mentions_seen WHERE agent = %(agent)s), 0) AS seen"
            " FROM mentions m JOIN incidents i ON i.id = m.incident LEFT JOIN entries e ON e.id = m.note"
            " WHERE m.agent = %(agent)s AND (%(before)s::bigint IS NULL OR m.position < %(before)s)"
            " ORDER BY m.position DESC LIMIT %(limit)s",
            {"agent": agent, "before": before, "limit": bounded(limit) + 1},
        ).fetchall()
    kept, following = page_of(rows, limit, lambda row: row.position)
    return Page(kept, following)


def unseen(connection: Connection, agent: str) -> int:
    """How many notes call this user that they have not read; 100 means a hundred or more."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT FROM mentions WHERE agent = %(agent)s AND position >"
        " coalesce((SELECT position FROM mentions_seen WHERE agent = %(agent)s), 0) LIMIT 100) AS unread",
        {"agent": agent},
    ).fetchone()
    return int(row[0]) if row else 0
