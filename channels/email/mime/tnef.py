"""`winmail.dat` unpacked: Outlook's own format of a message and its files (MS-OXTNEF). Bounded, and never fails.

Own code (docs/decisions/0024): the library for it has had no release since 2021. Below outlook.py, which says what
becomes of what stands here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SIGNATURE = b"\x78\x9f\x3e\x22"
ATTRIBUTES_MAX = 5000
PROPERTIES_MAX = 2000
_HEADER = struct.Struct("<BII")

CODEPAGE, TITLE, DATA, BODY, SUBJECT = 0x9007, 0x8010, 0x800F, 0x800C, 0x8004
_RENDERED, _MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES = 0x9002, 0x9003, 0x9005

_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_OBJECT, _STRING8, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_SIZED = frozenset({_OBJECT, _STRING8, _UNICODE, _BINARY})
_SEVERAL = 0x1000
_NAMED = 0x8000

Value = bytes | str


class TnefError(ValueError):
    """It ends, or points, where it can't."""


@dataclass
class Record:
    """The message, or one attachment: attributes by their id, MAPI properties by theirs. Strings in bytes: 8-bit."""

    attributes: dict[int, bytes] = field(default_factory=dict[int, bytes])
    properties: dict[int, Value] = field(default_factory=dict[int, Value])


@dataclass
class Packed:
    """All of it. `whole`: False where it was cut or broken, and this is what came before."""

    message: Record = field(default_factory=Record)
    attachments: list[Record] = field(default_factory=list[Record])
    whole: bool = True


def unpack(data: bytes) -> Packed | None:
    """None for what is no TNEF."""
    if not data.startswith(SIGNATURE):
        return None
    packed = Packed()
    try:
        for level, identity, value in _attributes(data):
            if level == 1:
                _take(packed.message, identity, value)
                continue
            if identity == _RENDERED or not packed.attachments:
                packed.attachments.append(Record())
            _take(packed.attachments[-1], identity, value)
    except (TnefError, struct.error):
        packed.whole = False
    return packed


def _take(record: Record, identity: int, value: bytes) -> None:
    if identity in {_MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES}:
        for name, found in _properties(value):
            record.properties.setdefault(name, found)
    else:
        record.attributes.setdefault(identity, value)


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 6  # the signature, and a key that means nothing
    for _ in range(ATTRIBUTES_MAX):
        if at >= len(data):
            return
        level, identity, length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        if at + length > len(data):
            raise TnefError("an attribute ends after the end")
        yield level, identity & 0xFFFF, data[at : at + length]
        at += length + 2  # a checksum that not all programs write
    raise TnefError("more attributes than any message has")


def _properties(data: bytes) -> Iterator[tuple[int, Value]]:
    reader = _Reader(data)
    for _ in range(min(reader.number(), PROPERTIES_MAX)):
        kind, identity = reader.short(), reader.short()
        if identity >= _NAMED:
            reader.skip_name()
        several = bool(kind & _SEVERAL)
        kind &= ~_SEVERAL
        if kind in _SIZED:
            values = [reader.sized(kind) for _ in range(min(reader.number(), PROPERTIES_MAX))]
            if values and not several:
                yield identity, values[0]
        elif kind in _FIXED:
            for _ in range(min(reader.number(), PROPERTIES_MAX) if several else 1):
                value = reader.take(_FIXED[kind])
                yield identity, value
        else:
            raise TnefError("a type nobody knows: where the next property begins isn't known either")


@dataclass
class _Reader:
    data: bytes
    at: int = 0

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise TnefError("a property ends after the end")
        self.at += length
        return self.data[self.at - length : self.at]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def sized(self, kind: int) -> Value:
        length = self.number()
        value = self.take(length)
        self.at += -length % 4
        if kind == _UNICODE:
            return value.decode("utf-16-le", "replace").rstrip("\0")
        return value.rstrip(b"\0") if kind == _STRING8 else value

    def skip_name(self) -> None:
        self.take(16)
        if self.number() == 0:
            self.take(4)
        else:
            length = self.number()
            self.take(length + -length % 4)


def text_of(value: Mapping[int, Value], *names: int) -> Value | None:
    """The first of several properties that is there."""
    return next((value[name] for name in names if value.get(name)), None)
