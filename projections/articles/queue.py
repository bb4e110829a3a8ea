"""What waits for whoever writes: doubts to settle, questions that no article answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.articles.rows import GapRow
from projections.likeness import folded

_GAPS_MAX = 500


class Doubted(msgspec.Struct, frozen=True):
    """What an agent holds against an article. `incident`: where it showed."""

    flag: UUID
    article: UUID
    title: str
    language: str
    doubt: str
    words: str
    incident: UUID | None
    by: str
    at: datetime


class Lacking(msgspec.Struct, frozen=True):
    """A question, asked in the same words once or often, the latest last. `article`: that answers it by now."""

    words: str
    language: str
    state: str
    gaps: list[GapRow]
    article: UUID | None

    @property
    def first(self) -> GapRow:
        """Its name in an address."""
        return self.gaps[0]


def doubts(connection: Connection, limit: int = 100) -> list[Doubted]:
    """To be settled, the oldest first."""
    with connection.cursor(row_factory=class_row(Doubted)) as rows:
        return rows.execute(
            "SELECT f.flag, f.article, coalesce(nullif(a.title, ''), a.draft_title, '') AS title, a.language, f.doubt,"
            " f.words, f.incident, f.by, f.at FROM article_flags f JOIN articles a ON a.id = f.article"
            " WHERE f.settled_by = '' ORDER BY f.position LIMIT %s",
            (limit,),
        ).fetchall()


def lacking(connection: Connection, state: str = "open", limit: int = 50) -> list[Lacking]:
    """Of those noticed last, asked most often first; once closed, the last closed first."""
    with connection.cursor(row_factory=class_row(GapRow)) as rows:
        found = rows.execute(
            "SELECT gap, position, state, words, language, incident, article, by, at, closed_by, closed_at FROM gaps"
            " WHERE state = %s OR (%s = 'closed' AND state <> 'open')"
            " ORDER BY coalesce(closed_at, at) DESC, position DESC LIMIT %s",
            (state, state, _GAPS_MAX),
        ).fetchall()
    together: dict[tuple[str, str], list[GapRow]] = {}
    for row in found:
        together.setdefault((_said(row.words), row.language), []).append(row)
    grouped = [_together(rows) for rows in together.values()]
    if state == "open":
        grouped.sort(key=lambda each: -len(each.gaps))
    return grouped[:limit]


def published(connection: Connection, limit: int) -> list[tuple[UUID, str, str]]:
    """Id, title and language of what is read, by title: to choose from."""
    return connection.execute(
        "SELECT id, title, language FROM articles WHERE state = 'published' ORDER BY title, language LIMIT %s", (limit,)
    ).fetchall()


def asked_alike(connection: Connection, gap: UUID) -> list[UUID]:
    """This one, and those that stand as it does with the same words, of those noticed or closed last."""
    rows: Sequence[tuple[UUID, str]] = connection.execute(
        "SELECT g.gap, g.words FROM gaps g JOIN gaps of ON of.gap = %s AND of.state = g.state"
        " AND of.language = g.language ORDER BY coalesce(g.closed_at, g.at) DESC, g.position DESC LIMIT %s",
        (gap, _GAPS_MAX),
    ).fetchall()
    said = next((_said(words) for found, words in rows if found == gap), None)
    return [found for found, words in rows if _said(words) == said] or [gap]


def _together(rows: Sequence[GapRow]) -> Lacking:
    latest = rows[0]
    return Lacking(
        latest.words, latest.language, latest.state, sorted(rows, key=lambda row: row.position), latest.article
    )


def _said(words: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in folded(words)).split())
