"""What stands in for a read model's tables where some incidents are hidden from who asks: views of the same names.

They lie in a schema beside the read model's own, made, renamed and dropped with it, and first on the search path of
whoever has something hidden from them (eventstore/database.py). A table says by its `seen` which of its rows they show.
"""

from __future__ import annotations

from psycopg import sql

from eventstore.database import NARROWED, Connection
from projections.projection import Projection


def make(connection: Connection, projection: Projection, schema: str) -> None:
    """Beside the read model of this schema, unless it is there."""
    if beside(projection.name) not in NARROWED or _is_there(connection, beside(schema)):
        return
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(beside(schema))))
    for table in projection.tables:
        if table.seen:
            connection.execute(
                sql.SQL("CREATE VIEW {} AS SELECT * FROM {} WHERE {}").format(
                    sql.Identifier(beside(schema), table.name),
                    sql.Identifier(schema, table.name),
                    sql.SQL(table.seen),
                )
            )


def rename(connection: Connection, before: str, after: str) -> None:
    """Follow the read model's schema."""
    if _is_there(connection, beside(before)):
        connection.execute(
            sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
                sql.Identifier(beside(before)), sql.Identifier(beside(after))
            )
        )


def drop(connection: Connection, schema: str) -> None:
    """Before the read model's schema."""
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(beside(schema))))


def beside(schema: str) -> str:
    """The name of the schema that lies beside a read model's."""
    return f"narrowed_{schema}"


def _is_there(connection: Connection, schema: str) -> bool:
    row = connection.execute("SELECT to_regnamespace(%s) IS NOT NULL", (schema,)).fetchone()
    return row is not None and bool(row[0])
