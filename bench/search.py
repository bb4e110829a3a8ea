"""Searches among 20,000 articles, beside PostgreSQL's bare full-text query for the same words.

The bare query takes any of the words, ranks and cuts: no synonyms, no letters mended, no facets, no snippets. Times are
of the cores, not of the clock: of this process and of the one that serves it, so that a busy neighbour counts little.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from bench.measure import Figure, against, percentile, rate
from bench.parts import fresh_database
from bench.scale import size
from eventstore.database import Connection, Database
from projections.article_search import search
from projections.articles import ANYBODY
from tests.projections import shelves

_SEARCHES = 200
_MILLISECOND = 1e6

Search = Callable[[Connection, str], object]


def _page(connection: Connection, words: str) -> object:
    return search(connection, ANYBODY, words, locale="es", facets=True)


def _suggestions(connection: Connection, words: str) -> object:
    return search(connection, ANYBODY, words, locale="es", limit=3)


def _bare(connection: Connection, words: str) -> object:
    (sought,) = connection.execute(
        "SELECT replace(plainto_tsquery('spanish', %s)::text, '&', '|')", (words,)
    ).fetchone() or ("",)
    return connection.execute(
        "SELECT id FROM searched_articles WHERE state = 'published' AND words @@ %(sought)s::tsquery"
        " ORDER BY ts_rank(words, %(sought)s::tsquery) DESC LIMIT 10",
        {"sought": sought},
    ).fetchall()


def figures(cluster_url: str) -> list[Figure]:
    """How long the slowest of twenty takes, and how many a second."""
    articles = size(20_000)
    known = shelves.words()
    often = list(accumulate(1 / (rank + 3) for rank in range(len(known))))
    with fresh_database(cluster_url) as database:
        shelves.fill(database, articles)
        asked = {words: _questions(known, often, words) for words in (3, 20)}
        return [
            _slow(f"search, three words, {articles:,} articles, p95", database, _page, asked[3], "about 50 ms"),
            _slow("suggestions, twenty words of a form, p95", database, _suggestions, asked[20], "about 150 ms"),
            _slow("a word with a letter missing, p95", database, _page, _mistyped(known), "reported"),
            _slow("the word that most articles have, p95", database, _page, [shelves.EVERYWHERE] * 50, "reported"),
            against(
                "search, three words",
                "searches/s",
                limit=lambda: _rate(database, _bare, asked[3]),
                ours=lambda: _rate(database, _page, asked[3]),
                target="a ratio to the bare full-text query",
            ),
        ]


def _questions(known: list[str], often: list[float], words: int) -> list[str]:
    chance = random.Random(3)  # noqa: S311 -- the same questions each time
    return [" ".join(chance.choices(known, cum_weights=often, k=words)) for _ in range(_SEARCHES)]


def _mistyped(known: list[str]) -> list[str]:
    chance = random.Random(3)  # noqa: S311 -- the same questions each time
    chosen = chance.choices([word for word in known if len(word) > 6], k=_SEARCHES)
    places = [chance.randrange(1, len(word) - 1) for word in chosen]
    return [word[:place] + word[place + 1 :] for word, place in zip(chosen, places, strict=True)]


def _slow(name: str, database: Database, searched: Search, questions: list[str], target: str) -> Figure:
    spent: list[float] = []
    with database.transaction() as connection:
        serving = Path(f"/proc/{connection.info.backend_pid}/schedstat")
        for words in questions:
            before = _cores(serving)
            searched(connection, words)
            spent.append((_cores(serving) - before) / _MILLISECOND)
    return Figure(name, "ms", percentile(spent, 0.95), None, None, None, target, f"median {percentile(spent, 0.5):.1f}")


def _cores(serving: Path) -> int:
    """Nanoseconds on a core so far, of both processes."""
    return int(serving.read_text().split()[0]) + time.process_time_ns()


def _rate(database: Database, searched: Search, questions: list[str]) -> float:
    def work() -> int:
        with database.transaction() as connection:
            for words in questions:
                searched(connection, words)
        return len(questions)

    return rate(work)
