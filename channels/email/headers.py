"""Reads the headers of a mail, whatever stands in them: any bytes give a result. Below parse.py.

The standard library's compat32 tree, never `policy.default`, which raises on broken mail and takes nine times as long.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import TYPE_CHECKING, TypeAlias

from channels.email.charsets import decode_bytes
from channels.text import one_line
from schemas.address import email_address
from schemas.errors import InvalidError
from schemas.interaction import Party

HEADER_MAX_CHARACTERS = 16 * 1024
_HEADERS_MAX = 1000
_NAME_MAX_CHARACTERS = 120
_IDS_MAX = 50
_OLDEST_YEAR = 1990

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
_BARE_ID = re.compile(r"[^<>\s,;]{1,200}@[^<>\s,;]{1,100}")

if TYPE_CHECKING:  # the standard library's class takes no parameters at run time
    Tree: TypeAlias = Message[str, str]
else:
    Tree = Message


class Headers:
    """The headers of one mail or part, by name in any case, in their order."""

    def __init__(self, message: Tree) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in list(message.raw_items())[:_HEADERS_MAX]:
            self._values.setdefault(name.lower(), []).append(str(value)[:HEADER_MAX_CHARACTERS])

    def all(self, name: str) -> list[str]:
        """Every header of the name, as it stands there."""
        return self._values.get(name.lower(), [])

    def raw(self, name: str) -> str:
        """The first header of the name as it stands there, or nothing."""
        return next(iter(self.all(name)), "")

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def starting(self, prefix: str) -> bool:
        """Is there one whose name begins so?"""
        return any(name.startswith(prefix.lower()) for name in self._values)

    def text(self, name: str) -> str:
        """The first header of the name, decoded, on one line."""
        return decode_words(self.raw(name))

    def parties(self, *names: str) -> list[Party]:
        """Everybody named in these headers who has a usable address, each once."""
        found: dict[str, Party] = {}
        for party in _parties(value for name in names for value in self.all(name)):
            found.setdefault(party.address, party)
        return list(found.values())

    def message_ids(self, *names: str) -> tuple[str, ...]:
        """The message ids in these headers, without angle brackets, each once: the oldest and the newest of many."""
        found = dict.fromkeys(each for name in names for value in self.all(name) for each in message_ids(value))
        ids = list(found)
        return tuple(ids if len(ids) <= _IDS_MAX else [*ids[: _IDS_MAX // 2], *ids[-_IDS_MAX // 2 :]])

    def date(self, name: str = "Date") -> datetime | None:
        """The moment it names, in UTC; None for what is no date, or none a mail can have."""
        try:
            moment = parsedate_to_datetime(self.raw(name).strip())
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
            return None
        return moment if moment.year >= _OLDEST_YEAR else None


def message_ids(value: str) -> list[str]:
    """The ids in one header. Some programs leave the brackets out; Python's folds a long one into encoded words."""
    if "=?" in value:
        value = decode_words(value)
    return _MESSAGE_ID.findall(value) or _BARE_ID.findall(value)


def decode_words(value: str) -> str:
    """RFC 2047 encoded words and raw 8-bit, as readable text on one line."""
    try:
        pieces = decode_header(value.replace("\r", "").replace("\n", ""))
    except (HeaderParseError, binascii.Error, ValueError, LookupError, IndexError):
        pieces = [(value, None)]
    return one_line("".join(_piece(raw, charset) for raw, charset in pieces))


def _piece(raw: bytes | str, charset: str | None) -> str:
    if isinstance(raw, str):
        raw = raw.encode("utf-8", "surrogateescape")
    return decode_bytes(raw, charset)


def _parties(values: Iterable[str]) -> Iterable[Party]:
    # the addresses first, the encoded words after: a decoded name may hold a comma
    try:
        pairs = getaddresses([" ".join(value.split()) for value in values])
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return
    for name, address in pairs:
        try:
            readable = _piece(address, None) if address else ""
            yield Party(address=email_address(readable), name=decode_words(name)[:_NAME_MAX_CHARACTERS])
        except InvalidError:
            continue
