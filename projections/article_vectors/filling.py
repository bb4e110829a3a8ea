"""Which published articles lack the vector of what they say now, and how one is kept: what the worker writes by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from schemas.errors import StalePositionError

TEXT_MAX_CHARACTERS = 1500
"""What is embedded of an article: title, labels, and the body's beginning. Small models read some 500 tokens."""

_TEXT: LiteralString = (
    "left(concat_ws(E'\\n', title, nullif(array_to_string(labels, ' · '), ''), body), %(characters)s)"
)
_ALL_SECONDS = 60.0  # to read the text of every article
_FLOOR_SHARE = 0.95  # not all of them: one may be what somebody's articles are about


class Pending(msgspec.Struct, frozen=True):
    """An article to embed: its text, and the hash by which a changed one is known."""

    id: UUID
    text: str
    hash: str


def begin(connection: Connection, embedder: str, dimensions: int) -> None:
    """Make room for the vectors of this model: those of another, or of another length, go."""
    connection.execute("LOCK TABLE article_embedder IN EXCLUSIVE MODE")
    row = connection.execute("SELECT embedder, dimensions FROM article_embedder").fetchone()
    if row == (embedder, dimensions):
        return
    connection.execute("TRUNCATE article_vectors")
    connection.execute("DROP INDEX IF EXISTS public.article_vectors_nearest")
    connection.execute(
        sql.SQL("ALTER TABLE article_vectors ALTER vector TYPE public.halfvec({})").format(sql.Literal(dimensions))
    )
    connection.execute(
        "CREATE INDEX article_vectors_nearest ON public.article_vectors USING hnsw (vector public.halfvec_cosine_ops)"
    )
    connection.execute(
        "INSERT INTO article_embedder (embedder, dimensions) VALUES (%s, %s)"
        " ON CONFLICT (single) DO UPDATE SET embedder = excluded.embedder, dimensions = excluded.dimensions,"
        " floor = NULL",
        (embedder, dimensions),
    )


def pending(connection: Connection, limit: int, *, after: UUID, among: Sequence[UUID] | None = None) -> list[Pending]:
    """The next without the vector of their text, by id. `among`: only of these."""
    if among is None:
        connection.allow(_ALL_SECONDS)
    query = sql.SQL(
        "SELECT id, text, md5(text) AS hash FROM ("
        "  SELECT id, {} AS text FROM searched_articles WHERE state = 'published' AND id > %(after)s AND {}"
        ") AS articles LEFT JOIN article_vectors ON article = id WHERE text_hash IS DISTINCT FROM md5(text)"
        " ORDER BY id LIMIT %(limit)s"
    ).format(sql.SQL(_TEXT), sql.SQL("true" if among is None else "id = ANY(%(among)s)"))
    values = {"characters": TEXT_MAX_CHARACTERS, "after": after, "among": list(among or ()), "limit": limit}
    with connection.cursor(row_factory=class_row(Pending)) as rows:
        return rows.execute(query, values).fetchall()


def keep(connection: Connection, embedder: str, embedded: Sequence[tuple[Pending, str]]) -> None:
    """Keep vectors. Raises StalePositionError when another model's are kept by now."""
    kept = connection.execute(
        "INSERT INTO article_vectors (article, text_hash, vector)"
        " SELECT made.article, made.text_hash, made.vector::halfvec"
        " FROM article_embedder JOIN unnest(%s::uuid[], %s::text[], %s::text[]) AS made (article, text_hash, vector)"
        " ON article_embedder.embedder = %s"
        " ON CONFLICT (article) DO UPDATE SET text_hash = excluded.text_hash, vector = excluded.vector",
        (
            [each.id for each, _ in embedded],
            [each.hash for each, _ in embedded],
            [vector for _, vector in embedded],
            embedder,
        ),
    ).rowcount
    if kept < len(embedded):
        raise StalePositionError("another embedder has taken over")


def prune(connection: Connection, among: Sequence[UUID] | None = None) -> None:
    """Let go of what is no longer published. `among`: only of these."""
    if among is None:
        connection.allow(_ALL_SECONDS)
    connection.execute(
        sql.SQL(
            "DELETE FROM article_vectors WHERE NOT EXISTS ("
            "  SELECT FROM searched_articles WHERE id = article AND state = 'published') AND {}"
        ).format(sql.SQL("true" if among is None else "article = ANY(%s)")),
        () if among is None else (list(among),),
    )


def set_floor(connection: Connection, embedder: str, besides: Sequence[str]) -> None:
    """An answer must be liker its question than articles are to what no article is about (`besides`).

    How like unrelated texts are differs from model to model, so it is measured, on the articles there are.
    """
    connection.execute("SELECT set_config('hnsw.ef_search', '40', true)")
    connection.execute(
        "UPDATE article_embedder SET floor = ("
        "  SELECT percentile_cont(%s) WITHIN GROUP (ORDER BY likeness) FROM unnest(%s::text[]) AS besides (vector),"
        "  LATERAL (SELECT 1 - (article_vectors.vector <=> besides.vector::halfvec) AS likeness"
        "    FROM article_vectors ORDER BY article_vectors.vector <=> besides.vector::halfvec LIMIT 1) AS nearest"
        ") WHERE embedder = %s",
        (_FLOOR_SHARE, list(besides), embedder),
    )
