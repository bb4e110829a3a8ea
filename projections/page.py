"""One page of a list and the cursor to the next. What every list of the read side answers with."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from schemas.errors import InvalidError

T = TypeVar("T")
C = TypeVar("C")

LIMIT = 50
LIMIT_MAX = 200


class Page(msgspec.Struct, Generic[T], frozen=True):
    """`next_cursor` is None on the last page; otherwise opaque, and good for ever."""

    items: list[T]
    next_cursor: str | None = None


def bounded(limit: int) -> int:
    """The limit, if it can be granted. Raises InvalidError."""
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidError(f"between 1 and {LIMIT_MAX}", field="limit")
    return limit


def page_of(rows: Sequence[T], limit: int, after: Callable[[T], object]) -> tuple[list[T], str | None]:
    """Cut `limit` + 1 fetched rows to a page; `after` is what the next page begins behind."""
    kept = list(rows[:limit])
    return kept, write_cursor(after(kept[-1])) if len(rows) > limit else None


def write_cursor(after: object) -> str:
    """A place in a list, as text that fits a URL."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(after)).decode().rstrip("=")


def read_cursor(cursor: str, kind: type[C]) -> C:
    """The place a cursor names. Raises InvalidError."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.msgpack.decode(raw, type=kind)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise InvalidError("not a cursor of this list", field="cursor") from error
