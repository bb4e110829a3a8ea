"""Reads the headers of a mail, whatever stands in them: any bytes give a result. Below parse.py.

The standard library's compat32 tree, never `policy.default`, which raises on broken mail and takes nine times as long.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from channels.email.mime.encoded_words import decode_words
from channels.email.mime.parameters import Parametrized, read_parameters
from schemas.address import email_address
from schemas.errors import InvalidError
from schemas.interaction import Party

HEADER_MAX_CHARACTERS = 16 * 1024
_HEADERS_MAX = 1000
_NAME_MAX_CHARACTERS = 120
_ADDRESSES_MAX_CHARACTERS = 4 * HEADER_MAX_CHARACTERS  # of all headers that are asked for together
_IDS_MAX = 50
_OLDEST_YEAR = 1990
_LOOKED_THROUGH_FOR_CHARSET = 10

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
_ADDRESS = r"[^\s\"<>@,;:\\()\[\]]{1,128}@[^\s\"<>@,;:\\()\[\]]{1,190}"
_ONE_MAILBOX = re.compile(rf"\s*(?:([^\"<>@,;:\\()\[\]]*)<({_ADDRESS})>|({_ADDRESS}))\s*")
_BARE_ID = re.compile(r"[^<>\s,;]{1,200}@[^<>\s,;]{1,100}")
_LEAP_SECOND = re.compile(r"(:\d\d:)60\b")

if TYPE_CHECKING:  # the standard library's class takes no parameters at run time
    _Message: TypeAlias = Message[str, str]
else:
    _Message = Message


class Tree(_Message):
    """A mail or a part of one."""

    _payload: object  # the standard library's: `get_payload` decodes on the way, and loses what it can't

    @property
    def written(self) -> bytes:
        """A leaf's bytes as they stand there, their transfer encoding not undone; nothing of what has parts."""
        payload = self._payload
        return payload.encode("ascii", "surrogateescape") if isinstance(payload, str) else b""

    def raw(self, name: str) -> str:
        """The first header of the name as it stands there, or nothing."""
        return self._first.get(name.lower(), "")

    @cached_property
    def _first(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self.raw_items():
            found.setdefault(name.lower(), str(value)[:HEADER_MAX_CHARACTERS])
        return found

    def get_content_type(self) -> str:
        """As the standard library's, which reads it anew each time it is asked."""
        return self._media_type

    @cached_property
    def _media_type(self) -> str:
        written = self.content_type.value
        if not written:
            return self.get_default_type()
        return written if written.count("/") == 1 else "text/plain"  # RFC 2045 §5.2

    @cached_property
    def content_type(self) -> Parametrized:
        """Its Content-Type."""
        return read_parameters(self.raw("Content-Type"))

    @cached_property
    def disposition(self) -> Parametrized:
        """Its Content-Disposition."""
        return read_parameters(self.raw("Content-Disposition"))


class Headers:
    """The headers of one mail or part, by name in any case, in their order."""

    def __init__(self, message: Tree) -> None:
        self._message = message
        self._values: dict[str, list[str]] = {}
        for name, value in list(message.raw_items())[:_HEADERS_MAX]:
            self._values.setdefault(name.lower(), []).append(str(value)[:HEADER_MAX_CHARACTERS])
        self._parties: dict[tuple[str, ...], list[Party]] = {}

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
        return self._readable(self.raw(name))

    def parties(self, *names: str) -> list[Party]:
        """Everybody named in these headers who has a usable address, each once."""
        if names not in self._parties:  # several ask for From
            self._parties[names] = list(self._read_parties(names))
        return self._parties[names]

    def _read_parties(self, names: tuple[str, ...]) -> Iterable[Party]:
        found: dict[str, Party] = {}
        for written, address in _pairs(value for name in names for value in self.all(name)):
            try:
                readable = email_address(self._readable(address))
            except InvalidError:
                continue
            found.setdefault(readable, Party(address=readable, name=self._readable(written)[:_NAME_MAX_CHARACTERS]))
        return found.values()

    def in_the_clear(self, name: str) -> bool:
        """Are its addresses written as they are? In encoded words (RFC 2047 §5 forbids it) other programs see none."""
        return not any("=?" in address for _, address in _pairs(self.all(name)))

    def message_ids(self, *names: str) -> tuple[str, ...]:
        """The message ids in these headers, without angle brackets, each once: the oldest and the newest of many."""
        found = dict.fromkeys(each for name in names for value in self.all(name) for each in message_ids(value))
        ids = list(found)
        return tuple(ids if len(ids) <= _IDS_MAX else [*ids[: _IDS_MAX // 2], *ids[-_IDS_MAX // 2 :]])

    def date(self, name: str = "Date") -> datetime | None:
        """The moment it names, in UTC; None for what is no date, or none a mail can have."""
        try:
            moment = parsedate_to_datetime(_LEAP_SECOND.sub(r"\g<1>59", self.raw(name).strip()))
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
            return None
        return moment if moment.year >= _OLDEST_YEAR else None

    def _readable(self, value: str) -> str:
        return decode_words(value, None if value.isascii() else self._likely_charset)

    @cached_property
    def _likely_charset(self) -> str | None:
        """Raw eight-bit headers are in the charset of the text below them, where its part says one."""
        parts = islice(self._message.walk(), _LOOKED_THROUGH_FOR_CHARSET)
        return next((named for part in parts if (named := part.content_type["charset"])), None)


def message_ids(value: str) -> list[str]:
    """The ids in one header. Some programs leave the brackets out; Python's folds a long one into encoded words."""
    if "=?" in value or not value.isascii():
        value = decode_words(value)
    return _MESSAGE_ID.findall(value) or _BARE_ID.findall(value)


def _pairs(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    # the addresses first, the encoded words after: a decoded name may hold a comma
    left = _ADDRESSES_MAX_CHARACTERS
    for whole in values:
        value = whole[:left]
        left -= len(value)
        simple = _ONE_MAILBOX.fullmatch(value)
        if simple is not None:  # nearly every one: without the standard library's letter by letter
            yield simple.group(1) or "", simple.group(2) or simple.group(3)
            continue
        with contextlib.suppress(ValueError, IndexError, TypeError, AttributeError, RecursionError):
            yield from getaddresses([" ".join(value.split())])
