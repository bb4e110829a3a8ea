"""Real parts to measure on: a durable embedded PostgreSQL of one's own, and databases in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from eventstore import embedded
from eventstore.database import Database
from eventstore.migrate import migrate


@contextmanager
def cluster() -> Generator[str]:
    """A running PostgreSQL that syncs its commits; stopped and removed at the end."""
    with data_folder() as data:
        yield embedded.start(data, durable=True)


@contextmanager
def data_folder() -> Generator[Path]:
    """An empty data folder; at the end its cluster is stopped and removed with it."""
    data = Path(tempfile.mkdtemp(prefix="cauce-bench-"))
    try:
        yield data
    finally:
        embedded.stop(data)
        shutil.rmtree(embedded.cluster_folder(data).parent, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def fresh_database(cluster_url: str, size: int = 8) -> Generator[Database]:
    """An empty, migrated database."""
    name = f"bench_{uuid4().hex}"
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database = Database(cluster_url.replace("/postgres?", f"/{name}?"), size=size)
    migrate(database)
    database.open()
    try:
        yield database
    finally:
        database.close()
        with psycopg.connect(cluster_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
