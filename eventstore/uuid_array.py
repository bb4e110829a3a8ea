"""UUIDs as one binary array parameter: psycopg's own way takes a call for each, which counts at thousands a second."""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack
from uuid import UUID

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_UUID, _UUIDS = 2950, 2951  # the types' oids, the same in every PostgreSQL
_NULL = b"\xff\xff\xff\xff"
_LENGTH = b"\x00\x00\x00\x10"


class Uuids:
    """For `%b` where the statement takes `uuid[]`; None is NULL."""

    __slots__ = ("packed",)

    def __init__(self, ids: Iterable[UUID | None]) -> None:
        items = [_NULL if one is None else _LENGTH + one.bytes for one in ids]
        head = pack("!iiiii", 1, 1, _UUID, len(items), 1) if items else pack("!iii", 0, 0, _UUID)
        self.packed = head + b"".join(items)


class _UuidsDumper(Dumper):
    oid = _UUIDS
    format = Format.BINARY

    def dump(self, obj: Uuids) -> Buffer:
        return obj.packed


psycopg.adapters.register_dumper(Uuids, _UuidsDumper)
