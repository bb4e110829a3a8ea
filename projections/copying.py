"""COPY of rows into a projection's table, for rebuilds: what psycopg takes apart in Python goes in one piece."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from psycopg import postgres, sql
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

from eventstore.database import Connection
from eventstore.packed import Texts
from projections.projection import Table

_JSONB_VERSION = b"\x01"
_encode = msgspec.json.Encoder().encode


class _JsonbDumper(Dumper):
    format = Format.BINARY
    oid = postgres.types["jsonb"].oid

    def dump(self, obj: object) -> Buffer:
        return _JSONB_VERSION + _encode(obj)


class _TextsDumper(Dumper):
    format = Format.BINARY
    oid = Texts.array

    def dump(self, obj: list[str]) -> Buffer:
        return Texts(obj).data


def copy(connection: Connection, table: Table[Any], rows: Iterable[Any]) -> None:
    """Add rows that the table doesn't have yet."""
    query = sql.SQL("COPY {table} ({columns}) FROM STDIN (FORMAT binary)").format(
        table=sql.Identifier(table.name),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in table.columns),
    )
    with connection.cursor() as cursor:
        cursor.adapters.register_dumper(dict, _JsonbDumper)
        cursor.adapters.register_dumper(list, _TextsDumper)
        with cursor.copy(query) as copying:
            copying.set_types([table.types[name] for name in table.columns])
            for row in rows:
                copying.write_row(msgspec.structs.astuple(row))
