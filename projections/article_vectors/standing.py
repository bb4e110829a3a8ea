"""Whether this PostgreSQL can keep vectors, the tables they are kept in, and how many articles have one.

No migration makes these tables: a hub without CAUCE_EMBEDDINGS needs neither them nor the extension.
"""

from __future__ import annotations

import msgspec
import psycopg
from psycopg.rows import class_row

from eventstore.database import Connection
from schemas.errors import SettingsError

_OLDEST = (0, 8)  # that goes on through the index until enough of what is near may be read


class Progress(msgspec.Struct, frozen=True):
    """`embedder`: whose vectors they are; empty: nobody's yet. `ready`: all were made once, searches rank by them."""

    embedder: str
    ready: bool
    embedded: int
    published: int


def prepare(connection: Connection) -> None:
    """Install the extension and make the tables. Raises SettingsError that says what to do."""
    row = connection.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    if row == (0,):
        raise SettingsError(
            "CAUCE_EMBEDDINGS needs pgvector, and this PostgreSQL has no extension `vector`: install its package"
            " (postgresql-18-pgvector for PostgreSQL 18; in Docker the image pgvector/pgvector:pg18), or leave the"
            " setting out"
        )
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(
            "CAUCE_EMBEDDINGS needs the extension `vector`, which this user may not install: let the database's"
            " superuser run CREATE EXTENSION vector SCHEMA public"
        ) from error
    if not _usable(connection):  # nor after the extension was dropped with all that hung on it
        connection.execute("DROP TABLE IF EXISTS public.article_vectors, public.article_embedder")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.article_embedder ("
        " single boolean PRIMARY KEY DEFAULT true CHECK (single),"
        " embedder text NOT NULL, dimensions integer NOT NULL,"
        " floor real)"  # the least likeness of an answer to a question; NULL: not all articles have a vector yet
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.article_vectors ("
        " article uuid PRIMARY KEY, text_hash text NOT NULL, vector public.halfvec NOT NULL)"
    )


def check(connection: Connection) -> None:
    """Raise SettingsError, which says what to do, unless vectors can be kept and sought."""
    row: tuple[str] | None = connection.execute(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    ).fetchone()
    if row is None:
        raise SettingsError("CAUCE_EMBEDDINGS needs the extension `vector`: run `cauce doctor --migrate`")
    version = row[0]
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise SettingsError(
            f"CAUCE_EMBEDDINGS needs pgvector 0.8 or newer, and this is {version}: install a newer one, then run"
            " ALTER EXTENSION vector UPDATE"
        )
    if not _usable(connection):
        raise SettingsError(
            "CAUCE_EMBEDDINGS: run `cauce doctor --migrate`; if that was done, the extension `vector` lies in another"
            " schema: ALTER EXTENSION vector SET SCHEMA public"
        )


def progress(connection: Connection) -> Progress:
    """How far it has come. The vocabulary counts the published articles, so that nobody has to read them."""
    with connection.cursor(row_factory=class_row(Progress)) as rows:
        found = rows.execute(
            "SELECT coalesce(max(embedder), '') AS embedder, coalesce(bool_or(floor IS NOT NULL), false) AS ready,"
            " (SELECT count(*) FROM article_vectors) AS embedded,"
            " (SELECT coalesce(sum(articles), 0)::bigint FROM article_vocabulary WHERE word = '') AS published"
            " FROM article_embedder"
        ).fetchone()
    assert found is not None  # noqa: S101 -- aggregates without GROUP BY have one row
    return found


def _usable(connection: Connection) -> bool:
    """Is there a table to keep them in, of a type that is found?"""
    return connection.execute(
        "SELECT EXISTS (SELECT FROM pg_attribute"
        " WHERE attrelid = to_regclass('article_vectors') AND atttypid = to_regtype('halfvec'))"
    ).fetchone() == (True,)
