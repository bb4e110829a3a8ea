"""What a report answers: columns with units, and rows. Shared by every report that is a read model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from eventstore.database import Connection
from schemas.errors import InvalidError


class Column(msgspec.Struct, frozen=True):
    """A column and its unit: `day`, `text`, `count`, `seconds`, `ratio`."""

    name: str
    unit: str


class Report(msgspec.Struct, frozen=True):
    """A table computed from history up to `as_of_position`; `until` is exclusive."""

    report: str
    version: int
    as_of_position: int
    since: datetime
    until: datetime
    by: list[str]
    columns: list[Column]
    rows: list[dict[str, Any]]


def refuse_unknown(by: Sequence[str], allowed: Sequence[str], tz: str) -> None:
    """Raise InvalidError for a dimension or a time zone that isn't one."""
    unknown = [name for name in by if name not in allowed]
    if unknown or len(set(by)) != len(by):
        raise InvalidError(f"any of {', '.join(allowed)}, each once", field="by")
    zone_of(tz)


def zone_of(tz: str) -> ZoneInfo:
    """The time zone of a name. Raises InvalidError."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError("not a time zone", field="tz") from error


def as_of(connection: Connection, projection: str) -> int:
    """The position up to which a read model has folded the history."""
    row = connection.execute("SELECT position FROM projections WHERE schema = %s", (projection,)).fetchone()
    return int(row[0]) if row else 0
