"""Rows of the event table as binary COPY takes them, built in one go: psycopg's own way takes several calls a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from struct import Struct
from uuid import UUID

from eventstore.recorded import NewEvent

COLUMNS = "position, stream, version, type, data, recorded_at, causation, correlation"

_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_ROWS_TOGETHER = 64
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NULL = b"\xff\xff\xff\xff"
_UUID_LENGTH = b"\x00\x00\x00\x10"
_position = Struct("!hiqi").pack  # how many columns, 8 bytes, then the length of what comes next
_version = Struct("!iii").pack
_length = Struct("!i").pack
_moment = Struct("!iq").pack


def parts(positions: Iterable[int], events: Iterable[NewEvent], now: datetime) -> Iterator[bytes]:
    """What to write for a `COPY events (COLUMNS) FROM STDIN (FORMAT BINARY)`, some events at a time, as they come.

    `now`: for events that don't say when.
    """
    yield _BEGIN
    made = _rows(positions, events, now)
    while part := b"".join(islice(made, _ROWS_TOGETHER)):
        yield part
    yield _END


def _rows(positions: Iterable[int], events: Iterable[NewEvent], now: datetime) -> Iterator[bytes]:
    usual = _timestamp(now)
    causation = correlation = None
    ids = _NULL + _NULL
    for position, new in zip(positions, events, strict=True):
        stream, kind, data = new.stream.encode(), new.type.encode(), new.data
        recorded_at = usual if new.recorded_at is None else _timestamp(new.recorded_at)
        head, version, length = _position(8, 8, position, len(stream)), _version(4, new.version, len(kind)), len(data)
        if new.causation is not causation or new.correlation is not correlation:  # several have the same
            causation, correlation = new.causation, new.correlation
            ids = _uuid(causation) + _uuid(correlation)
        yield b"".join((head, stream, version, kind, _length(length), data, recorded_at, ids))


def _timestamp(moment: datetime) -> bytes:
    return _moment(8, (moment - _EPOCH) // _MICROSECOND)


def _uuid(value: UUID | None) -> bytes:
    return _NULL if value is None else _UUID_LENGTH + value.int.to_bytes(16, "big")
