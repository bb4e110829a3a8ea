"""Which articles stand first: the most wanted rise by themselves, and what is pinned stands before them.

The rule, as it is also said on the screen: a view counts 1, a vote for it 3, a vote against it -3, its publication 1;
what happened counts half after ten days, a quarter after twenty, an eighth after thirty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventstore.database import Connection

VIEW, HELPFUL, UNHELPFUL = 1, 3, -3
HALF_AFTER = timedelta(days=10)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def warmth(weight: int, at: datetime) -> float:
    """What something adds to an article's heat for ever.

    Instead of letting all that happened fade, what happens later weighs more: the order is the same, and no clock turns
    a row over. Doubled every ten days, a float has room for 28 years from its epoch.
    """
    return float(weight * 2 ** ((at - _EPOCH) / HALF_AFTER))


def most_wanted(connection: Connection, *, language: str, shelf: str = "", limit: int) -> list[UUID]:
    """Articles of a language by their heat, most first; `shelf`: a category's first level, empty: of all."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT article FROM usage_articles WHERE language = %(language)s AND shelf = %(shelf)s"
        " ORDER BY heat DESC, article LIMIT %(limit)s"
        if shelf
        else "SELECT article FROM usage_articles WHERE language = %(language)s"
        " ORDER BY heat DESC, article LIMIT %(limit)s",
        {"language": language, "shelf": shelf, "limit": limit},
    ).fetchall()
    return [article for (article,) in rows]
