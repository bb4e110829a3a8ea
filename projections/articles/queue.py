"""What waits for whoever writes: doubts to settle, questions that no article answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
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


def lacking(connection: Connection, *, is_open: bool = True, limit: int = 50) -> list[Lacking]:
    """Of those noticed last, asked most often first; once closed, the last closed first."""
    together: dict[tuple[str, str], list[GapRow]] = {}
    for row in _latest(connection, is_open):
        together.setdefault(_asked(row), []).append(row)
    grouped = [_together(rows) for rows in together.values()]
    if is_open:
        grouped.sort(key=lambda each: -len(each.gaps))
    return grouped[:limit]


def published(connection: Connection, limit: int) -> list[tuple[UUID, str, str]]:
    """Id, title and language of what is read, by title: to choose from."""
    return connection.execute(
        "SELECT id, title, language FROM articles WHERE state = 'published' ORDER BY title, language LIMIT %s", (limit,)
    ).fetchall()


def asked_alike(connection: Connection, gap: UUID) -> list[UUID]:
    """This one, and those that stand as it does with the same words, of those noticed or closed last."""
    found: tuple[bool] | None = connection.execute("SELECT state = 'open' FROM gaps WHERE gap = %s", (gap,)).fetchone()
    latest = _latest(connection, is_open=found[0]) if found else []
    this = next((row for row in latest if row.gap == gap), None)
    if this is None:
        return [gap]
    return [row.gap for row in latest if (row.state, *_asked(row)) == (this.state, *_asked(this))]


def _latest(connection: Connection, is_open: bool) -> list[GapRow]:
    which: LiteralString = "= 'open' ORDER BY at" if is_open else "<> 'open' ORDER BY closed_at"
    with connection.cursor(row_factory=class_row(GapRow)) as rows:
        return rows.execute(
            "SELECT gap, position, state, words, language, incident, article, by, at, closed_by, closed_at FROM gaps"  # noqa: S608 -- of literals
            " WHERE state " + which + " DESC, position DESC LIMIT %s",
            (_GAPS_MAX,),
        ).fetchall()


def _asked(row: GapRow) -> tuple[str, str]:
    """In which words and language: alike, however they are spelled."""
    return _said(row.words), row.language


def _together(rows: Sequence[GapRow]) -> Lacking:
    latest = rows[0]
    return Lacking(
        latest.words, latest.language, latest.state, sorted(rows, key=lambda row: row.position), latest.article
    )


def _said(words: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in folded(words)).split())
