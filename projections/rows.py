"""The rows a batch of facts folds into: loaded with one look-up a table, changed in memory, written with one statement.

A rebuild keeps them from page to page, as many as `keep` says, and writes new ones by COPY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from psycopg import sql
from psycopg.types.json import Jsonb

from eventstore.database import Connection
from projections.projection import Key, Projection, Table, Target

_ENCODE: Callable[[Any], bytes] = msgspec.json.Encoder().encode
_COPY_ROWS = 32  # fewer are written faster by a statement that is already prepared


class _Held:
    """The rows of one table at hand. `absent`: keys known to have no row; `fresh`: rows the table doesn't have yet."""

    def __init__(self) -> None:
        self.rows: dict[Key, Any] = {}
        self.absent: set[Key] = set()
        self.fresh: set[Key] = set()
        self.changed: set[Key] = set()


class Rows:
    """Rows of a projection in memory, in front of its tables in one schema."""

    def __init__(self, projection: Projection, *, keep: int = 0) -> None:
        self._projection = projection
        self._held = {table: _Held() for table in projection.tables}
        self._keep = keep

    def load(self, connection: Connection, targets: Iterable[Target]) -> None:
        """Have these rows at hand."""
        missing: dict[Table[Any], set[Key]] = {}
        for table, key in targets:
            held = self._held[table]
            if key not in held.rows and key not in held.absent:
                missing.setdefault(table, set()).add(key)
        for table, keys in missing.items():
            held = self._held[table]
            held.absent |= keys
            for row in _select(connection, table, keys):
                key = table.key_of(row)
                held.rows[key] = row
                held.absent.discard(key)

    def get(self, target: Target, *, fresh: bool) -> Any:
        """The row, a blank one where there is none; None where the fold makes it anew."""
        table, key = target
        if fresh:
            return None
        row = self._held[table].rows.get(key)
        return table.new(key) if row is None else row

    def put(self, target: Target, row: Any, *, fresh: bool) -> None:
        """The row has changed."""
        table, key = target
        held = self._held[table]
        if (fresh or key in held.absent) and key not in held.rows:
            held.fresh.add(key)
        held.rows[key] = row
        held.changed.add(key)

    def flush(self, connection: Connection, *, bulk: bool = False) -> None:
        """Write what has changed. `bulk`: by COPY, and leave what must be settled to `settle_all`."""
        settle = None if bulk else self._projection.settle
        unsettled = list(self._held[settle.table].changed) if settle else []
        for table, held in self._held.items():
            changed = held.changed - held.fresh
            if bulk and len(held.fresh) >= _COPY_ROWS:
                _copy(connection, table, [held.rows[key] for key in held.fresh])
            else:
                changed |= held.fresh
            if changed:
                _upsert(connection, table, [held.rows[key] for key in changed])
            held.fresh.clear()
            held.changed.clear()
            held.absent.clear()
            while len(held.rows) > self._keep:
                del held.rows[next(iter(held.rows))]
        if settle and unsettled:
            connection.execute(settle.statement, {"changed": unsettled})

    def forget(self) -> None:
        """Drop everything at hand: the tables have changed underneath, or what was folded doesn't count."""
        for table in self._held:
            self._held[table] = _Held()


def settle_all(connection: Connection, projection: Projection) -> None:
    """Settle what a bulk load has left."""
    if projection.settle:
        candidates = [key for (key,) in connection.execute(projection.settle.candidates)]
        connection.execute(projection.settle.statement, {"changed": candidates})


def _select(connection: Connection, table: Table[Any], keys: set[Key]) -> list[Any]:
    columns: list[Any] = list(keys)
    # keys of several columns are tuples
    wanted = [columns] if len(table.key) == 1 else [list(column) for column in zip(*columns, strict=True)]
    arrays = sql.SQL(", ").join(sql.SQL("%b::{}[]").format(sql.SQL(table.types[name])) for name in table.key)
    names = sql.SQL(", ").join(sql.Identifier(name) for name in table.key)
    query = sql.SQL("SELECT {columns} FROM {table} JOIN unnest({arrays}) AS wanted({names}) USING ({names})").format(
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in table.columns),
        table=sql.Identifier(table.name),
        arrays=arrays,
        names=names,
    )
    make = table.row
    return [make(*row) for row in connection.execute(query, wanted, binary=True)]


def _upsert(connection: Connection, table: Table[Any], rows: Sequence[Any]) -> None:
    # as JSON, one parameter whatever the columns: arrays of arrays have no other way through unnest
    rest = [name for name in table.columns if name not in table.key]
    query = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"
        " ON CONFLICT ({key}) DO UPDATE SET ({rest}) = ROW({new})"
    ).format(
        table=sql.Identifier(table.name),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in table.columns),
        key=sql.SQL(", ").join(sql.Identifier(name) for name in table.key),
        rest=sql.SQL(", ").join(sql.Identifier(name) for name in rest),
        new=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in rest),
    )
    connection.execute(query, (_ENCODE(rows).decode(),))


def _copy(connection: Connection, table: Table[Any], rows: Sequence[Any]) -> None:
    query = sql.SQL("COPY {table} ({columns}) FROM STDIN (FORMAT binary)").format(
        table=sql.Identifier(table.name),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in table.columns),
    )
    types = [table.types[name] for name in table.columns]
    json_columns = [n for n, kind in enumerate(types) if kind == "jsonb"]
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.set_types(types)
        for row in rows:
            values = list(msgspec.structs.astuple(row))
            for n in json_columns:
                values[n] = Jsonb(values[n], _ENCODE)
            copy.write_row(values)
