"""The statement that finds articles: candidates by the rarest terms, a score for each, what is good enough, facets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import LiteralString

import msgspec
from psycopg import sql

from projections.article_search.asking import Term, any_of
from projections.article_vectors import NEAREST
from projections.articles.readers import READABLE

SHARE_OF_BEST = 0.3
"""What scores less than this share of the best, by words or by meaning, says something else."""

_WEIGHTS = "{0, 0.3333, 0.9333, 1}"
"""Of PostgreSQL's D, C, B and A: body 1, labels 2.8, title 3, as parts of 3."""

_COVERED = 0.5
"""The part of a score that is kept only as far as an article has all that was asked for."""

_ABOUT = sql.SQL("CASE WHEN product_keys && %(about)s::text[] THEN 1.2 ELSE 1 END")
"""An article about what the reader has, or asks about, stands before one that says as much about another product."""

_CANDIDATES = 2000
_TERMS_MAX = 10


class Chosen(msgspec.Struct, frozen=True):
    """What the results are narrowed to; None: not. `category`: with those below it."""

    kind: str | None = None
    category: str | None = None
    product: str | None = None
    language: str | None = None


_CONDITIONS: Mapping[str, LiteralString] = {
    "kind": "kind = %(chosen_kind)s",
    "category": "(category = %(chosen_category)s OR starts_with(category, %(chosen_category)s || '/'))",
    "product": "%(chosen_product)s = ANY(products)",
    "language": "language = %(chosen_language)s",
}
_COUNTED: Mapping[str, LiteralString] = {
    "kind": "SELECT kind AS value FROM good WHERE {}",
    "category": "SELECT split_part(category, '/', 1) AS value FROM good WHERE category <> '' AND {}",
    "product": "SELECT unnest(products) AS value FROM good WHERE {}",
    "language": "SELECT language AS value FROM good WHERE {}",
}


_FUSED = sql.SQL(
    ", nearest AS MATERIALIZED ({}), good AS MATERIALIZED ("
    "  SELECT id, position, kind, language, category, products, sum(worth / (1 + place)) AS score FROM ("
    "    SELECT id, position, kind, language, category, products, 1.0 AS worth,"
    "      row_number() OVER (PARTITION BY language = %(language)s ORDER BY score DESC, position) AS place FROM worded"
    "    UNION ALL SELECT id, position, kind, language, category, products, 0.9,"
    "      row_number() OVER (PARTITION BY language = %(language)s ORDER BY apart, position) FROM nearest"
    "  ) AS placed GROUP BY id, position, kind, language, category, products)"
).format(NEAREST)
"""Reciprocal rank fusion, with little smoothing: what stands first by the words, or by what is meant, stays on top."""


def statement(terms: Sequence[Term], chosen: Chosen, *, facets: bool, fused: bool = False) -> sql.Composed:
    """One row: how many there are, the ids of the best, and of each facet how many articles a value has.

    Of many terms only the most telling count. Parameters: `share`, `language`, `limit`, `about`, the reader's, and
    `chosen_…`. `fused`: what means nearly the same is found too; with the parameters of NEAREST.
    """
    telling = sorted(terms, key=lambda term: term.articles)[:_TERMS_MAX]
    return sql.SQL(
        "WITH scored AS MATERIALIZED ("
        "  SELECT id, position, kind, language, category, products, {score} AS score"
        "  FROM searched_articles AS articles WHERE {readable} AND words @@ {sought}"
        "), {worded} AS MATERIALIZED ("
        "  SELECT * FROM scored WHERE score >= %(share)s * (SELECT max(score) FROM scored)"
        "){fused} SELECT (SELECT count(*) FROM good WHERE {narrowed}), ARRAY("
        "  SELECT id FROM good WHERE {narrowed}"
        "  ORDER BY language = %(language)s DESC, score DESC, position LIMIT %(limit)s"
        "), {facets}"
    ).format(
        score=_score(telling),
        readable=sql.SQL(READABLE),
        sought=_query(any_of([way for term in rarest(telling) for way in term.ways])),
        worded=sql.SQL("worded" if fused else "good"),
        fused=_FUSED if fused else sql.SQL(""),
        narrowed=_narrowed(chosen),
        facets=sql.SQL("jsonb_build_object({})").format(
            sql.SQL(", ").join(_counts(facet, chosen) for facet in _COUNTED if facets)
        ),
    )


def rarest(terms: Sequence[Term]) -> list[Term]:
    """Of terms, the rarest first, those that articles are found by; the others only say which of these are better."""
    kept: list[Term] = []
    articles = 0
    for term in terms:
        articles += term.articles
        if kept and articles > _CANDIDATES:
            break
        kept.append(term)
    return kept


def _score(terms: Sequence[Term]) -> sql.Composable:
    """What an article gets for all terms; less, where it has but some of them."""
    worth = sql.SQL(" + ").join([sql.SQL("0"), *(_worth(term) for term in terms)])
    if len(terms) < 2:  # noqa: PLR2004 -- of one term there are no parts
        return sql.SQL("({}) * {}").format(worth, _ABOUT)
    every = sum(term.weight for term in terms)
    share = sql.SQL(" + ").join(
        sql.SQL("{} * (words @@ {})::int").format(term.weight / every, _query(any_of(term.ways))) for term in terms
    )
    return sql.SQL("({}) * {} * ({} + {} * ({}))").format(worth, _ABOUT, 1 - _COVERED, _COVERED, share)


def _worth(term: Term) -> sql.Composable:
    """What an article gets for the term: by the best of its ways."""
    ways = (
        sql.SQL("{} * ts_rank({}, words, {})").format(worth * term.weight, _WEIGHTS, _query(any_of([stems])))
        for stems, worth in term.ways.items()
    )
    return sql.SQL("greatest({})").format(sql.SQL(", ").join(ways))


def _query(query: str) -> sql.Composed:
    return sql.SQL("{}::tsquery").format(query)


def _narrowed(chosen: Chosen, *, but: str = "") -> sql.Composable:
    asked = [name for name, value in msgspec.structs.asdict(chosen).items() if value is not None and name != but]
    return sql.SQL(" AND ").join([sql.SQL("true"), *(sql.SQL(_CONDITIONS[name]) for name in asked)])


def _counts(facet: str, chosen: Chosen) -> sql.Composed:
    """Of the values of a facet, under what was chosen of the other facets."""
    counted = sql.SQL(_COUNTED[facet]).format(_narrowed(chosen, but=facet))
    return sql.SQL(
        "{}, (SELECT jsonb_object_agg(value, articles) FROM"
        " (SELECT value, count(*) AS articles FROM ({}) AS each GROUP BY value) AS counted)"
    ).format(facet, counted)
