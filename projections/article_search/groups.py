"""The groups of words that mean the same, as who manages them reads them."""

from __future__ import annotations

from psycopg.rows import class_row

from eventstore.database import Connection
from projections.article_search.fold import SYNONYMS, SynonymsRow
from projections.newest import newest
from projections.page import LIMIT, Page


def groups(
    connection: Connection, *, language: str | None = None, cursor: str | None = None, limit: int = LIMIT
) -> Page[SynonymsRow]:
    """Those that count, newest first."""
    kept, following = newest(
        connection,
        SYNONYMS,
        lambda row: row.position,
        [("language = %s", language)],
        among="NOT removed",
        cursor=cursor,
        limit=limit,
    )
    return Page(kept, following)


def removed_lately(connection: Connection, limit: int) -> list[SynonymsRow]:
    """Those taken away last."""
    with connection.cursor(row_factory=class_row(SynonymsRow)) as rows:
        return rows.execute(
            "SELECT id, position, words, language, removed, changed_by, changed_at FROM synonyms WHERE removed"
            " ORDER BY changed_at DESC, id LIMIT %s",
            (limit,),
        ).fetchall()
