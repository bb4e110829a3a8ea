"""The rows a batch of facts folds into: loaded with one look-up a table, changed in memory, written with one statement.

A rebuild keeps them from page to page, as many as `keep` says, and writes new ones by COPY.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import islice
from typing import Any

import msgspec
from psycopg import sql

from eventstore.database import Connection
from projections.copying import copy
from projections.projection import Key, Projection, Table

_ENCODE: Callable[[Any], bytes] = msgspec.json.Encoder().encode
_SETTLED_AT_ONCE = 20_000
_COPY_ROWS = 32  # fewer are written faster by a statement that is already prepared


class Slot(msgspec.Struct):
    """The place of one row in memory. `row` None: there is none; `fresh`: the table doesn't have it yet."""

    key: Key
    row: Any = None
    fresh: bool = True
    changed: bool = False


class _Held:
    """The slots of one table: all, by what finds them; those still to be looked up; those to be written."""

    __slots__ = ("changed", "slots", "unseen")

    def __init__(self) -> None:
        self.slots: dict[Hashable, Slot] = {}
        self.unseen: list[Slot] = []
        self.changed: list[Slot] = []


class Rows:
    """Rows of a projection in memory, in front of its tables in one schema.

    `bulk`: what is said to be new is not looked up, but written by COPY; what must be settled is left to `settle_all`.
    """

    def __init__(self, projection: Projection, *, keep: int = 0, bulk: bool = False) -> None:
        self._projection = projection
        self._held = {table: _Held() for table in projection.tables}
        self._keep = keep
        self._bulk = bulk

    def slot(self, table: Table[Any], key: Key, surely_new: bool) -> Slot:
        """Where a row is, once `load` was called."""
        held = self._held[table]
        place = table.place(key)
        slot = held.slots.get(place)
        if slot is None:
            slot = held.slots[place] = Slot(key)
            if not (surely_new and (self._bulk or table.blank is None)):
                held.unseen.append(slot)
        return slot

    def load(self, connection: Connection) -> None:
        """Look up what slots were asked for, with one statement a table."""
        for table, held in self._held.items():
            if held.unseen:
                for row in _select(connection, table, [slot.key for slot in held.unseen]):
                    slot = held.slots[table.place(table.key_of(row))]
                    slot.row = row
                    slot.fresh = False
                held.unseen = []

    def put(self, table: Table[Any], slot: Slot, row: Any) -> None:
        """The row has changed."""
        slot.row = row
        if not slot.changed:
            slot.changed = True
            self._held[table].changed.append(slot)

    def flush(self, connection: Connection) -> None:
        """Write what has changed."""
        settle = None if self._bulk else self._projection.settle
        unsettled = [slot.key for slot in self._held[settle.table].changed] if settle else []
        for table, held in self._held.items():
            fresh = [slot.row for slot in held.changed if slot.fresh]
            changed = [slot.row for slot in held.changed if not slot.fresh]
            if self._bulk and len(fresh) >= _COPY_ROWS:
                copy(connection, table, fresh)
            else:
                changed += fresh
            if changed:
                _upsert(connection, table, changed)
            for slot in held.changed:
                slot.fresh = slot.changed = False
            held.changed = []
            # oldest first, all at once: taking one by one from the front of a dict costs its length each time
            for key in list(islice(held.slots, max(0, len(held.slots) - self._keep))):
                del held.slots[key]
        if settle and unsettled:
            connection.execute(settle.statement, {"changed": unsettled})

    def forget(self) -> None:
        """Drop everything at hand: the tables have changed underneath, or what was folded doesn't count."""
        for table in self._held:
            self._held[table] = _Held()


def settle_all(connection: Connection, projection: Projection) -> None:
    """Settle what a bulk load has left, in the caller's transaction, as many keys at once as memory is kept for."""
    if projection.settle:
        with connection.cursor("unsettled") as candidates:
            candidates.execute(projection.settle.candidates)
            while keys := [key for (key,) in candidates.fetchmany(_SETTLED_AT_ONCE)]:
                # planned for so many: a plan kept from smaller batches would join them by loops
                connection.execute(projection.settle.statement, {"changed": keys}, prepare=False)


def _select(connection: Connection, table: Table[Any], keys: list[Key]) -> list[Any]:
    columns: list[Any] = keys
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
