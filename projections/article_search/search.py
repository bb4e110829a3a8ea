"""Search in articles: the same for customers, agents, forms, chats and programs.

words ─ asking.ask ─▶ terms ─ ranking.statement ─▶ ids, how many, facets ─▶ titles, snippets
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg import sql

from eventstore.database import Connection
from projections.article_search.asking import Asked, ask
from projections.article_search.ranking import SHARE_OF_BEST, Chosen, statement
from projections.article_search.snippets import in_place, snippet, spelled
from projections.article_vectors import Meaning, farthest
from projections.articles.fold import product_key
from projections.articles.readers import READABLE, Reader
from projections.page import bounded
from schemas.language import base_language


class Found(msgspec.Struct, frozen=True):
    """A search result. `snippet`: plain text with the found words between `**`."""

    id: UUID
    title: str
    snippet: str
    url: str
    kind: str
    language: str
    category: str
    products: list[str]


class Results(msgspec.Struct, frozen=True):
    """`total`: all that was found. `facets`: of kind, category, product and language how many each value has.

    `meant`: the words that were searched, where some of the typed stand in no article. `next_cursor` is always None:
    whoever finds nothing among the first asks otherwise.
    """

    items: list[Found]
    next_cursor: str | None = None
    total: int = 0
    facets: dict[str, dict[str, int]] = {}
    meant: str | None = None


_EVERYTHING = Chosen()


def search(
    connection: Connection,
    reader: Reader,
    q: str,
    *,
    locale: str | None = None,
    limit: int = 10,
    chosen: Chosen = _EVERYTHING,
    facets: bool = False,
    about: str = "",
    meaning: Meaning | None = None,
) -> Results:
    """Published articles this reader may see, best first; those in the reader's language before others.

    `about`: a product that it is said to be about, which puts its articles before others and opens none.
    `meaning`: what the words mean to a model, if one was asked; then what says nearly that is found too.
    """
    language = base_language(locale or "")
    if chosen.language is not None:
        chosen = replace(chosen, language=base_language(chosen.language))
    asked = ask(connection, q, language, reader)
    far = farthest(connection, meaning) if meaning is not None else None
    if not asked.terms and far is None:
        return Results([])
    row = connection.execute(
        statement(asked.terms, chosen, facets=facets, fused=far is not None),
        {
            "meaning": meaning.vector if meaning is not None else None,
            "farthest": far,
            "share": SHARE_OF_BEST,
            "language": language,
            "limit": bounded(limit),
            **{f"chosen_{name}": value for name, value in msgspec.structs.asdict(chosen).items()},
            **reader.values,
            "about": [*reader.products, *([product_key(about)] if about else [])],
        },
    ).fetchone()
    assert row is not None  # noqa: S101 -- a statement without FROM has one
    total, ids, counts = row
    return _shown(connection, reader, asked, q, ids, total, counts)


def _shown(
    connection: Connection,
    reader: Reader,
    asked: Asked,
    q: str,
    ids: list[UUID],
    total: int,
    counts: dict[str, dict[str, int] | None],
) -> Results:
    """What the reader may read as of now too: the search may be behind, and what was retired since says nothing."""
    rows: Sequence[tuple[UUID, str, str, str, str, str, list[str]]] = connection.execute(
        sql.SQL(
            "SELECT id, found.title, found.body, found.kind, found.language, found.category, found.products"
            " FROM searched_articles AS found JOIN articles USING (id) WHERE id = ANY(%(ids)s) AND {}"
        ).format(sql.SQL(READABLE)),
        {"ids": ids, **reader.values},
    ).fetchall()
    items = {
        article: Found(
            article, title, snippet(body, asked.marked), f"/articles/{article}", kind, language, category, products
        )
        for article, title, body, kind, language, category, products in rows
    }
    facets = {name: dict(sorted((found or {}).items(), key=lambda each: -each[1])) for name, found in counts.items()}
    texts = [text for row in rows for text in row[1:3]]
    return Results([items[each] for each in ids if each in items], None, total, facets, _meant(asked, q, texts))


def _meant(asked: Asked, q: str, texts: Sequence[str]) -> str | None:
    """The question with its unknown words as the articles that were found spell what was meant."""
    if not asked.mended or not texts:
        return None
    return in_place(q, {word: spelled(texts, meant) for word, meant in asked.mended.items()})
