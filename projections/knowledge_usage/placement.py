"""Which articles stand first: the most wanted rise by themselves, and what is pinned stands before them.

The rule, as it is also said on the screen: a view counts 1, a vote for it 3, a vote against it -3, its publication 1;
what happened counts half after ten days, a quarter after twenty, an eighth after thirty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from eventstore.database import Connection
from projections.articles.readers import READABLE, SPOKEN, Reader

VIEW, HELPFUL, UNHELPFUL = 1, 3, -3
HALF_AFTER = timedelta(days=10)
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def warmth(weight: int, at: datetime) -> float:
    """What something adds to an article's heat for ever.

    Instead of letting all that happened fade, what happens later weighs more: the order is the same, and no clock turns
    a row over. Doubled every ten days, a float has room for 28 years from its epoch.
    """
    return float(weight * 2 ** ((at - _EPOCH) / HALF_AFTER))


def wanted(connection: Connection, reader: Reader, language: str, shelf: str, limit: int) -> list[UUID]:
    """What this reader is shown first, in a language: pins by their rank, then the most wanted by the rule above.

    `shelf`: a category (`Account`, with all below it, or `Account/Passwords`); empty: the first page.
    """
    values = {"language": language, "shelf": shelf, "top": shelf.partition("/")[0], "limit": limit, **reader.values}
    pins: Sequence[tuple[UUID]] = connection.execute(
        _PINNED + READABLE + " ORDER BY rank, article LIMIT %(limit)s",
        values,
    ).fetchall()
    pinned = [article for (article,) in pins]
    rising: Sequence[tuple[UUID]] = connection.execute(
        (_OF_A_SHELF if shelf else _OF_ALL) + READABLE + " ORDER BY u.heat DESC, u.article LIMIT %(more)s",
        values | {"pinned": pinned, "more": limit - len(pinned)},
    ).fetchall()
    return [*pinned, *(article for (article,) in rising)]


_PINNED: LiteralString = (
    "SELECT article FROM article_pins JOIN articles ON articles.id = article"  # noqa: S608 -- of literals
    " WHERE pinned AND shelf = %(shelf)s AND " + SPOKEN + " AND "
)
_OF_ALL: LiteralString = (
    "SELECT u.article FROM usage_articles u JOIN articles ON articles.id = u.article"
    " WHERE u.language = %(language)s AND u.article <> ALL(%(pinned)s) AND "
)
_OF_A_SHELF: LiteralString = (
    _OF_ALL + "u.shelf = %(top)s AND (category = %(shelf)s OR starts_with(category, %(shelf)s || '/')) AND "
)
