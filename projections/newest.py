"""A page of a table's rows, the newest first, by their place in history. For lists that need no other order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import LiteralString, TypeVar

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.page import bounded, page_of, read_cursor
from projections.projection import Table

R = TypeVar("R", bound=msgspec.Struct)

Condition = tuple[LiteralString, object]
"""A condition with one `%s`, and its value; None: not asked for."""


def newest(
    connection: Connection,
    table: Table[R],
    position: Callable[[R], int],
    conditions: Sequence[Condition],
    *,
    among: LiteralString = "true",
    cursor: str | None,
    limit: int,
) -> tuple[list[R], str | None]:
    """The rows that meet all conditions, and the next page's cursor. `among`: what every list of them leaves out.

    Raises InvalidError for a cursor that isn't ours and a limit that can't be granted.
    """
    after: Condition = ("position < %s", read_cursor(cursor, int) if cursor else None)
    asked: list[Condition] = [(condition, value) for condition, value in (*conditions, after) if value is not None]
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY position DESC LIMIT %s").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in table.columns),
        sql.Identifier(table.name),
        sql.SQL(" AND ").join([sql.SQL(among), *(sql.SQL(condition) for condition, _ in asked)]),
    )
    with connection.cursor(row_factory=class_row(table.row)) as reader:
        rows = reader.execute(query, (*(value for _, value in asked), bounded(limit) + 1)).fetchall()
    return page_of(rows, limit, position)


def by_key(connection: Connection, table: Table[R], key: object, *, among: LiteralString = "true") -> R | None:
    """The row of a key of one column, if the lists show it."""
    query = sql.SQL("SELECT {} FROM {} WHERE {} = %s AND {}").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in table.columns),
        sql.Identifier(table.name),
        sql.Identifier(*table.key),
        sql.SQL(among),
    )
    with connection.cursor(row_factory=class_row(table.row)) as reader:
        return reader.execute(query, (key,)).fetchone()
