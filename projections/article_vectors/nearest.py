"""Which articles say nearly what a question means: what article_search ranks by, beside the words."""

from __future__ import annotations

import msgspec
from psycopg import sql

from eventstore.database import Connection
from projections.articles.readers import READABLE

NEAREST = sql.SQL(
    "WITH nearest AS ("
    "  SELECT id, position, kind, language, category, products,"
    "    article_vectors.vector <=> %(meaning)s::halfvec AS apart"
    "  FROM article_vectors JOIN searched_articles AS articles ON articles.id = article_vectors.article"
    "  WHERE {} ORDER BY article_vectors.vector <=> %(meaning)s::halfvec LIMIT 20"
    ") SELECT * FROM nearest WHERE apart < %(farthest)s"
    " AND %(farthest)s - apart >= %(share)s * (%(farthest)s - (SELECT min(apart) FROM nearest))"
).format(sql.SQL(READABLE))
"""Those a reader may see, some at the most, and none that lies far behind the nearest.

Parameters: `meaning`, `farthest`, the reader's, and `share`: how much of the nearest's lead over the farthest counts.
"""


class Meaning(msgspec.Struct, frozen=True):
    """What a question means to a model. `vector`: as PostgreSQL reads it."""

    embedder: str
    dimensions: int
    vector: str


def farthest(connection: Connection, meaning: Meaning) -> float | None:
    """How far from a question its answers may be; None: the articles' vectors are of another model, or not all there.

    Until the transaction ends they stay what they are: whoever would change the model waits for it.
    """
    row: tuple[float, str, str, bool] | None = connection.execute(
        "SELECT 1 - floor, set_config('hnsw.iterative_scan', 'strict_order', true),"
        " set_config('hnsw.ef_search', '60', true), EXISTS (SELECT FROM article_vectors)"  # named: locked
        " FROM article_embedder WHERE embedder = %s AND dimensions = %s AND floor IS NOT NULL",
        (meaning.embedder, meaning.dimensions),
    ).fetchone()
    return row[0] if row else None
