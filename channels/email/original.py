"""A mail shown again as it came: its headers, its HTML with the pictures its sender put in. Below the API.

What the timeline shows was made when it came (parse.py) and has no pictures: a remote one tells its sender who reads,
and when. Here they are, for a frame that can do nothing but show them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

from channels.email.bodies import read_body
from channels.email.mime.charsets import decode_bytes
from channels.email.mime.headers import Tree
from channels.email.mime.parts import media_type_of, payload_of
from channels.email.mime.tree import head_of, read_tree
from channels.email.words.html import sanitized
from channels.email.words.pictures import settled

RAW_MAX_BYTES = 4 * 1024 * 1024
"""Larger ones are downloaded instead: nobody waits for a page that long."""
_EMBEDDED_MAX_BYTES = 512 * 1024
_PUT_IN_MAX_CHARACTERS = 4 * 1024 * 1024
_PARTS_MAX = 200
_SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, RecursionError, AssertionError)


class _Carried(Mapping[str, str]):
    """Content-ID → data URL, while there is room: a mail may name one picture ten thousand times."""

    def __init__(self, found: Mapping[str, str]) -> None:
        self._found = found
        self._room = _PUT_IN_MAX_CHARACTERS

    def __getitem__(self, name: str) -> str:
        data = self._found[name]
        if len(data) > self._room:
            raise KeyError(name)
        self._room -= len(data)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def headers_of(raw: bytes) -> str:
    """The lines before the first blank one, as they are."""
    return decode_bytes(head_of(raw), None).replace("\r\n", "\n")


def with_pictures(raw: bytes) -> str:
    """The HTML of a mail, safe but for pictures from elsewhere; those it brought along stand in it as data.

    Reads the mail anew: for a child with bounds (parser_pool.py).
    """
    message, _ = read_tree(raw)
    body = read_body(message)
    carried = _Carried(_carried(message))
    return "\n".join(sanitized(part.text, embedded=carried, remote=True) for part in body.words if part.is_html)


def with_carried(safe: str, raw: bytes) -> str:
    """The HTML that was made safe when it came, with the pictures that came along: they tell nobody anything."""
    message, _ = read_tree(raw)
    return settled(safe, _Carried(_carried(message)), remote=False)


def _carried(message: Tree) -> Mapping[str, str]:
    """Content-ID → data URL, of pictures small enough."""
    found: dict[str, str] = {}
    room = _EMBEDDED_MAX_BYTES
    try:
        for seen, part in enumerate(message.walk()):
            if seen >= _PARTS_MAX:
                break
            kind, name = media_type_of(part), str(part.get("Content-ID") or "").strip().strip("<>")
            if kind not in _SAFE_IMAGES or not name or part.is_multipart():
                continue
            data = payload_of(part)
            room -= len(data)
            if room < 0:
                break
            found[name] = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    except _BROKEN:
        return found
    return found
