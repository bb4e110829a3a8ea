"""Binary array parameters built in one go: psycopg's own way takes several calls an item, which counts at intake."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from struct import Struct, pack
from typing import ClassVar
from uuid import UUID

import psycopg
from psycopg.abc import AdaptContext
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_NULL = b"\xff\xff\xff\xff"
_UUID_LENGTH = b"\x00\x00\x00\x10"
_length = Struct("!i").pack
_int4 = Struct("!ii").pack  # behind its length
_int8 = Struct("!iq").pack
_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"


class Packed:
    """PostgreSQL's binary form of a one-dimensional array. The oids are the same in every PostgreSQL."""

    __slots__ = ("data",)
    element: ClassVar[int]
    array: ClassVar[int]

    def __init__(self, items: list[bytes]) -> None:
        self.data = _head(self.element, len(items)) + b"".join(items)


class Uuids(Packed):
    """For `%b` where the statement takes `uuid[]`; None is NULL."""

    __slots__ = ()
    element, array = 2950, 2951

    def __init__(self, ids: Iterable[UUID | None]) -> None:
        # not `one.bytes`: it is this, behind one more call
        super().__init__([_NULL if one is None else _UUID_LENGTH + one.int.to_bytes(16, "big") for one in ids])


class Byteas(Packed):
    """For `%b` where the statement takes `bytea[]`."""

    __slots__ = ()
    element, array = 17, 1001

    def __init__(self, values: Iterable[bytes]) -> None:
        super().__init__([_length(len(value)) + value for value in values])


class Int4s(Packed):
    """For `%b` where the statement takes `int4[]`."""

    __slots__ = ()
    element, array = 23, 1007

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__([_int4(4, number) for number in numbers])


class Int8s(Packed):
    """For `%b` where the statement takes `int8[]`."""

    __slots__ = ()
    element, array = 20, 1016

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__([_int8(8, number) for number in numbers])


class Bools(Packed):
    """For `%b` where the statement takes `bool[]`."""

    __slots__ = ()
    element, array = 16, 1000

    def __init__(self, values: Iterable[bool]) -> None:
        super().__init__([_TRUE if value else _FALSE for value in values])


class Texts(Packed):
    """For `%b` where the statement takes `text[]`."""

    __slots__ = ()
    element, array = 25, 1009

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__([_length(len(encoded)) + encoded for encoded in map(str.encode, values)])


@lru_cache(maxsize=4096)
def _head(element: int, count: int) -> bytes:
    return pack("!iiiii", 1, 1, element, count, 1) if count else pack("!iii", 0, 0, element)


class _PackedDumper(Dumper):
    format = Format.BINARY

    def __init__(self, cls: type[Packed], context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self.oid = cls.array  # not the class' own: by that psycopg would take it for every array of the type

    def dump(self, obj: Packed) -> Buffer:
        return obj.data


for kind in (Uuids, Byteas, Int4s, Int8s, Bools, Texts):
    psycopg.adapters.register_dumper(kind, _PackedDumper)
