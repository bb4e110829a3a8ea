"""The schemas of the read models: made at the first start, made beside the live one for a rebuild, swapped, dropped.

A live view has the schema `<name>`; one being rebuilt `<name>_next`; one that was replaced `<name>_old`.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from eventstore.database import READ_PATH, Connection
from projections import narrowed
from projections.projection import Projection

_LOCK_CLASS = 1129338179
_SCHEMAS_LOCK = 6


def next_schema(name: str) -> str:
    """Where a view is rebuilt."""
    return f"{name}_next"


def old_schema(name: str) -> str:
    """Where a replaced view waits to be dropped."""
    return f"{name}_old"


def ensure_live(connection: Connection, projection: Projection) -> int:
    """Make the live view if there is none yet; returns the live view's version."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK_CLASS, _SCHEMAS_LOCK))
    row = connection.execute("SELECT version FROM projections WHERE schema = %s", (projection.name,)).fetchone()
    if row is not None:
        narrowed.make(connection, projection, projection.name)
        return int(row[0])
    create(connection, projection, projection.name, "live")
    create_indexes(connection, projection, projection.name)
    return projection.version


def create(connection: Connection, projection: Projection, schema: str, state: str, target: int = 0) -> None:
    """An empty view, without the indexes that are built after a load."""
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    _in_schema(connection, schema, projection.create_tables())
    narrowed.make(connection, projection, schema)
    connection.execute(
        "INSERT INTO projections (schema, name, version, position, state, target) VALUES (%s, %s, %s, 0, %s, %s)",
        (schema, projection.name, projection.version, state, target),
    )


def create_next(connection: Connection, projection: Projection, target: int) -> None:
    """An empty view beside the live one, to be loaded up to `target`. Nobody tidies or counts it while it grows."""
    schema = next_schema(projection.name)
    create(connection, projection, schema, "building", target)
    for table in projection.tables:
        connection.execute(
            sql.SQL("ALTER TABLE {} SET (autovacuum_enabled = off)").format(sql.Identifier(schema, table.name))
        )


def create_indexes(connection: Connection, projection: Projection, schema: str) -> None:
    """The indexes behind `-- after the load`, and the planner's statistics."""
    for statement in projection.create_indexes():
        create_index(connection, schema, statement)
    settle_indexes(connection, projection, schema)


def create_index(connection: Connection, schema: str, statement: str) -> None:
    """One index, if a rebuild that ended before its time hasn't made it already."""
    _in_schema(connection, schema, statement.replace(" INDEX ", " INDEX IF NOT EXISTS ", 1))


def settle_indexes(connection: Connection, projection: Projection, schema: str) -> None:
    """Once all are made: the planner's statistics, and the mark that says so."""
    for table in projection.tables:
        name = sql.Identifier(schema, table.name)
        connection.execute(sql.SQL("ALTER TABLE {} RESET (autovacuum_enabled)").format(name))
        connection.execute(sql.SQL("ANALYZE {}").format(name))
    connection.execute("UPDATE projections SET indexed = true WHERE schema = %s", (schema,))


def use(connection: Connection, schema: str) -> None:
    """Read and write the views of this schema for the rest of the transaction."""
    connection.execute("SELECT set_config('search_path', %s, true)", (f"{schema}, {READ_PATH}",))


def swap(connection: Connection, projection: Projection) -> None:
    """Put the rebuilt view in the place of the live one. The caller holds the locks on both checkpoints."""
    name = projection.name
    narrowed.make(connection, projection, next_schema(name))
    for before, after, state in ((name, old_schema(name), "retired"), (next_schema(name), name, "live")):
        connection.execute(
            sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(before), sql.Identifier(after))
        )
        narrowed.rename(connection, before, after)
        connection.execute(
            "UPDATE projections SET schema = %s, state = %s, moved_at = clock_timestamp() WHERE schema = %s",
            (after, state, before),
        )


def drop(connection: Connection, schema: str) -> None:
    """Remove a view that nobody reads any more. Raises psycopg.errors.LockNotAvailable while somebody still does.

    It never waits for a reader: one that still knows the old tables could be waiting for it, and be the one to lose.
    """
    tables: Sequence[tuple[str]] = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)
    ).fetchall()
    if tables:
        names = sql.SQL(", ").join(sql.Identifier(schema, table) for (table,) in tables)
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(names))
    narrowed.drop(connection, schema)
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    connection.execute("DELETE FROM projections WHERE schema = %s", (schema,))


def _in_schema(connection: Connection, schema: str, ddl: str) -> None:
    use(connection, schema)
    if ddl.strip():
        connection.execute(ddl.encode())
    connection.execute("SELECT set_config('search_path', %s, true)", (READ_PATH,))
