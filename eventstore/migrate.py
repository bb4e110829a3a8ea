"""Numbered migrations: applied in order under a lock, each once; a start checks that code and database fit."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

import psycopg

from eventstore.database import Connection, Database
from schemas.errors import MigrationError

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 1129338179


def _known() -> list[tuple[int, Path]]:
    return sorted((int(path.name.split("_")[0]), path) for path in FOLDER.glob("[0-9]*.sql"))


def migrate(database: Database) -> int:
    """Bring the database to this code's version; returns it. Raises MigrationError when it is newer or was altered."""
    _refuse_transaction_pooler(database)
    with database.dedicated() as connection:
        connection.execute("SET search_path = public")
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET lock_timeout = 0")
        connection.execute("SELECT pg_advisory_lock(%s, 0)", (_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations ("
            " number integer PRIMARY KEY, digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        applied = _applied(connection)
        known = _known()
        _refuse_newer(applied, known)
        for number, path in known:
            if number in applied:
                _refuse_changed(path, applied[number])
                continue
            with connection.transaction():
                connection.execute(path.read_bytes())
                connection.execute("INSERT INTO migrations (number, digest) VALUES (%s, %s)", (number, _digest(path)))
        with connection.transaction():
            connection.execute("INSERT INTO hub (secret) VALUES (%s) ON CONFLICT DO NOTHING", (os.urandom(32),))
        return known[-1][0]


def check(database: Database) -> None:
    """Raise MigrationError unless the database is exactly at this code's version."""
    with database.transaction() as connection:
        try:
            applied = _applied(connection)
        except psycopg.errors.UndefinedTable as error:
            msg = "the database is empty: run `cauce doctor --migrate`, or start with `cauce up`"
            raise MigrationError(msg) from error
    known = _known()
    _refuse_newer(applied, known)
    if len(applied) != len(known):
        msg = f"the database is at {max(applied, default=0)}, the code at {known[-1][0]}: run `cauce doctor --migrate`"
        raise MigrationError(msg)
    for number, path in known:
        _refuse_changed(path, applied[number])


def _applied(connection: Connection) -> dict[int, str]:
    rows: Sequence[tuple[int, str]] = connection.execute("SELECT number, digest FROM migrations").fetchall()
    return dict(rows)


def _digest(path: Path) -> str:
    return hashlib.sha256(re.sub(r"\s+", " ", path.read_text()).encode()).hexdigest()


def _refuse_changed(path: Path, applied: str) -> None:
    if _digest(path) != applied:
        msg = f"migration {path.name} was changed after it had been applied; add a new one instead"
        raise MigrationError(msg)


def _refuse_newer(applied: dict[int, str], known: list[tuple[int, Path]]) -> None:
    newer = set(applied) - {number for number, _ in known}
    if newer:
        msg = f"the database was made by a newer Cauce (migration {max(newer)}); run that version"
        raise MigrationError(msg)


def _refuse_transaction_pooler(database: Database) -> None:
    """Session locks and LISTEN silently don't work behind one: there, connections share the server's sessions."""
    with database.dedicated() as one, database.dedicated() as other:
        seen = [(_session(one), _session(other)) for _ in range(3)]
    if len(set(seen)) != 1 or seen[0][0] == seen[0][1]:
        msg = "CAUCE_DATABASE_URL leads through a transaction pooler; give a direct (or session-pooled) address"
        raise MigrationError(msg)


def _session(connection: Connection) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0
