"""A large knowledge base, made up: for plans and figures. Its words are as frequent as words are (Zipf's law)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate, product
from uuid import UUID

from eventstore.database import Database
from projections import schema
from projections.article_search import ARTICLE_SEARCH
from projections.article_search.fold import SEARCHED, SearchedRow
from projections.articles import ARTICLES
from projections.articles.rows import FLAGS, GAPS, TABLE, ArticleRow, FlagRow, GapRow
from projections.copying import copy

EVERYWHERE = "factura"
"""The most frequent word: in most articles."""
_REAL = "factura cliente correo cuenta pago contraseña cita agenda aplicación plan banco precio producto tarjeta envío"
_SYLLABLES = [*map("".join, product("bdfglmnprstv", "aeiou")), "cho", "lla", "tra"]
_VOCABULARY = 30_000
_TITLE_WORDS, _BODY_WORDS = 6, 120
_PAGE = 500
_WAITING = 3
"""Doubts, and questions nobody answers, of each article; nine of ten are done with."""
_BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def words() -> list[str]:
    """The most frequent first."""
    chance = random.Random(5)  # noqa: S311 -- the same words each time
    made: dict[str, None] = dict.fromkeys(_REAL.split())
    while len(made) < _VOCABULARY:
        made["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 5)))] = None
    return list(made)


def fill(database: Database, articles: int) -> None:
    """An empty search, filled with published articles, two of three in Spanish."""
    chance = random.Random(7)  # noqa: S311 -- the same articles each time
    known = words()
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(known))))
    kinds = ("faq", "how_to", "known_issue", "release_note")
    with database.transaction() as connection:
        connection.allow(600)
        schema.create(connection, ARTICLES, "articles", "live")
        schema.create(connection, ARTICLE_SEARCH, "article_search", "live")
        schema.use(connection, "articles")
        copy(connection, TABLE, [ArticleRow(id=UUID(int=each + 1), state="published") for each in range(articles)])
        copy(connection, FLAGS, [_doubt(each) for each in range(_WAITING * articles)])
        copy(connection, GAPS, [_gap(each, chance.choice(known)) for each in range(_WAITING * articles)])
        schema.create_indexes(connection, ARTICLES, "articles")
        schema.use(connection, "article_search")
        for first in range(0, articles, _PAGE):
            copy(
                connection,
                SEARCHED,
                [
                    SearchedRow(
                        id=UUID(int=number + 1),
                        position=number + 1,
                        kind=chance.choice(kinds),
                        language="en" if number % 3 == 0 else "es",
                        title=" ".join(chance.choices(known, cum_weights=weights, k=_TITLE_WORDS)),
                        body=" ".join(chance.choices(known, cum_weights=weights, k=_BODY_WORDS)),
                        state="published",
                        category=f"Estante {number % 12}/Balda {number % 40}",
                        labels=chance.choices(known, cum_weights=weights, k=2),
                        products=[f"Producto {number % 7}"],
                        product_keys=[f"producto {number % 7}"],
                        audience="agents" if number % 50 == 0 else "public",
                    )
                    for number in range(first, min(first + _PAGE, articles))
                ],
            )
        schema.create_indexes(connection, ARTICLE_SEARCH, "article_search")


def gap(number: int) -> UUID:
    """The id of a question nobody answers."""
    return UUID(int=number + 1)


def _gap(number: int, words: str) -> GapRow:
    at = _BEGAN + timedelta(minutes=number)
    state = "dismissed" if number % 10 else "open"
    closed_at = at + timedelta(days=1) if number % 10 else None
    language = "en" if number % 3 == 0 else "es"
    return GapRow(gap(number), number, state, words, language, None, None, "ana", at, "", closed_at)


def _doubt(number: int) -> FlagRow:
    at, settled = _BEGAN + timedelta(minutes=number), number % 10 > 0
    article, by = UUID(int=number // _WAITING + 1), "ana" if settled else ""
    return FlagRow(UUID(int=number + 1), article, number, "outdated", "", None, "luis", at, by, at if settled else None)
