"""What people look for: phrases as they were typed, or single words, and what those people did next."""

from __future__ import annotations

from typing import LiteralString

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.knowledge_usage.asked import IN_PERIOD, Asked


class WordFigures(msgspec.Struct, frozen=True):
    """A phrase or word. What came next: an article, another search, contact, that it is solved, or nothing more."""

    phrase: str
    searches: int
    zero: int
    opened: int
    searched: int
    contact: int
    solved: int
    left: int


def by_phrase(connection: Connection, asked: Asked, *, zero: bool = False, limit: int) -> list[WordFigures]:
    """The most searched phrases; `zero`: those that found nothing, by how often."""
    query = _PHRASES + (" HAVING sum(zero) > 0 ORDER BY zero DESC, phrase" if zero else _MOST)
    with connection.cursor(row_factory=class_row(WordFigures)) as reader:
        return reader.execute(query + " LIMIT %(limit)s", asked.values | {"limit": limit}).fetchall()


def by_word(connection: Connection, asked: Asked, *, limit: int) -> list[WordFigures]:
    """The most searched words, each once a search; without those that say nothing (`de`, `the`)."""
    with connection.cursor(row_factory=class_row(WordFigures)) as reader:
        return reader.execute(_WORDS + _MOST + " LIMIT %(limit)s", asked.values | {"limit": limit}).fetchall()


_SUMS: LiteralString = (
    " sum(searches)::bigint AS searches, sum(zero)::bigint AS zero, sum(opened)::bigint AS opened,"
    " sum(searched)::bigint AS searched, sum(contact)::bigint AS contact, sum(solved)::bigint AS solved,"
    " (sum(searches) - sum(opened) - sum(searched) - sum(contact) - sum(solved))::bigint AS left"
)
_ASKED: LiteralString = IN_PERIOD + " AND (%(language)s = '' OR language = %(language)s)"
_PHRASES: LiteralString = (
    "SELECT phrase," + _SUMS + " FROM usage_word_counts WHERE phrase <> '' AND " + _ASKED + " GROUP BY phrase"  # noqa: S608 -- of literals
)
_WORDS: LiteralString = (
    "SELECT word AS phrase," + _SUMS + " FROM (SELECT phrase, searches, zero, opened, searched, contact, solved, word"  # noqa: S608 -- of literals
    "  FROM usage_word_counts, LATERAL (SELECT DISTINCT unnest(string_to_array(phrase, ' ')) AS word) AS words"
    "  WHERE " + _ASKED + ") AS each WHERE length(word) > 1"
    " AND ts_lexize('pg_catalog.spanish_stem', word) <> '{}' AND ts_lexize('pg_catalog.english_stem', word) <> '{}'"
    " GROUP BY word"
)
_MOST: LiteralString = " ORDER BY searches DESC, phrase"
