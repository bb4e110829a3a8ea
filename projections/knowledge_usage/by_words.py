"""What people look for: phrases as they were typed, or single words, and what those people did next."""

from __future__ import annotations

from typing import LiteralString

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.knowledge_usage.asked import AT_EDGES, IN_DAYS, OF_VISITS, Asked
from projections.knowledge_usage.settle import AS_WORDS, WORD_MEASURES, each


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
    each(" sum({})::bigint AS {}", WORD_MEASURES) + ","
    " (sum(searches) - sum(opened) - sum(searched) - sum(contact) - sum(solved))::bigint AS left"
)
_PARTS: LiteralString = (
    "(SELECT phrase, " + each("{}", WORD_MEASURES) + " FROM usage_word_counts WHERE " + IN_DAYS + OF_VISITS  # noqa: S608 -- of literals
    + " UNION ALL SELECT phrase, " + AS_WORDS + " FROM usage_searches WHERE " + AT_EDGES + OF_VISITS + ") AS parts"
)  # fmt: skip
_PHRASES: LiteralString = "SELECT phrase," + _SUMS + " FROM " + _PARTS + " WHERE phrase <> '' GROUP BY phrase"  # noqa: S608 -- of literals
_WORDS: LiteralString = (
    "SELECT * FROM (SELECT word AS phrase," + _SUMS + " FROM (SELECT phrase, " + each("sum({}) AS {}", WORD_MEASURES)  # noqa: S608 -- of literals
    + "  FROM " + _PARTS + " GROUP BY phrase) AS phrases,"
    "  LATERAL (SELECT DISTINCT unnest(string_to_array(phrase, ' ')) AS word) AS words WHERE length(word) > 1"
    "  GROUP BY word) AS each WHERE ts_lexize('pg_catalog.spanish_stem', phrase) <> '{}'"
    " AND ts_lexize('pg_catalog.english_stem', phrase) <> '{}'"
)  # fmt: skip
_MOST: LiteralString = " ORDER BY searches DESC, phrase"
