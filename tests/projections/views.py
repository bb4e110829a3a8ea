"""Whole read models as values: to fold into, and to compare row for row."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from eventstore import store
from eventstore.database import Database
from eventstore.keys import Keys
from projections import schema
from projections.engine import Engine, decode
from projections.projection import Projection
from projections.registry import ALL


def make_views(database: Database) -> None:
    with database.transaction() as connection:
        for projection in ALL:
            schema.ensure_live(connection, projection)


def fold_some(database: Database, keys: Keys, projection: Projection, limit: int) -> int:
    """One batch as the projector folds it; returns how many events it took."""
    with database.transaction() as connection:
        engine = Engine(projection, projection.name)
        old = engine.position(connection)
        events = store.read_after(connection, old, limit)
        if events:
            decoded = decode(connection, keys, events, projection.type_names)
            engine.fold(connection, decoded, old, events[-1].position)
        return len(events)


def fold_all(database: Database, keys: Keys, batch: int = 500, projections: Sequence[Projection] = ALL) -> None:
    for projection in projections:
        while fold_some(database, keys, projection, batch):
            pass


def fold_with_pauses(database: Database, keys: Keys, seed: int, rounds: int = 3) -> None:
    """Each consumer advances by its own random steps, or not at all."""
    chance = random.Random(seed)  # noqa: S311 -- the same pauses each time
    for _ in range(rounds):
        for projection in ALL:
            if chance.random() < 0.6:
                fold_some(database, keys, projection, chance.randint(1, 60))


def whole(database: Database, projection: Projection, in_schema: str | None = None) -> dict[str, list[Any]]:
    """Every row of every table of a view, in one order."""
    schema_name = in_schema or projection.name
    with database.transaction() as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema_name,)).fetchall()
        return {
            table: connection.execute(f"SELECT * FROM {schema_name}.{table} AS row ORDER BY row::text").fetchall()
            for (table,) in tables
        }
