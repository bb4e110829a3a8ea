"""Encoded words in headers (RFC 2047, and 2231 §5 for their language) as text: also broken ones, as they are meant.

Own code: the standard library's loses the raw eight-bit text between them, and characters split over two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from channels.email.mime.charsets import codec, decode_bytes
from channels.email.mime.transfer import from_base64, from_quoted_words
from channels.text import one_line

_BEGINS = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?")
_ENDS = "?="
_WORD_MAX_CHARACTERS = 1500
WORDS_MAX = 250
"""Of one header: it has no room for more as long as they are written. What follows stays as it stands there."""


@dataclass
class _Piece:
    """A word's bytes, or plain text: its charset is None."""

    raw: bytes
    charset: str | None


def decode_words(value: str, hint: str | None = None) -> str:
    """A header's text on one line. `hint`: the likely charset of raw eight-bit text."""
    if "=?" not in value:
        return one_line(value if value.isascii() else _plain(value, hint))
    value = value.replace("\r", "").replace("\n", "")
    return one_line("".join(_text(group, hint) for group in _groups(value)))


def _groups(value: str) -> list[list[_Piece]]:
    """Words of one charset that follow each other are one text: a character may be split over them."""
    groups: list[list[_Piece]] = []
    at = end = words = 0
    while words < WORDS_MAX and (found := _BEGINS.search(value, at)) is not None:
        # the end isn't the pattern's to find: where thousands begin and none ends it would try thousands of steps each
        stop = value.find(_ENDS, found.end(), found.end() + _WORD_MAX_CHARACTERS + len(_ENDS))
        at = found.start() + len(_ENDS)
        if stop < 0:
            continue
        between = value[end : found.start()]
        follows = bool(groups) and not between.strip() and groups[-1][-1].charset is not None
        if between and not follows:  # white space between two words only separates them
            groups.append([_Piece(_bytes(between), None)])
        charset, encoding = found.groups()
        decode = from_base64 if encoding in "bB" else from_quoted_words
        piece = _Piece(decode(_bytes(value[found.end() : stop])), charset)
        if follows and groups[-1][-1].charset == charset:
            groups[-1].append(piece)
        else:
            groups.append([piece])
        at = end = stop + len(_ENDS)
        words += 1
    if end < len(value):
        groups.append([_Piece(_bytes(value[end:]), None)])
    return groups


def _text(group: list[_Piece], hint: str | None) -> str:
    charset = group[0].charset
    whole = b"".join(piece.raw for piece in group)
    if charset is None:
        return decode_bytes(whole, None, hint)
    name = codec(charset)
    if len(group) > 1 and name is not None:
        try:
            return whole.decode(name)
        except (UnicodeError, ValueError):
            # one that lies about itself must not spoil the others
            return "".join(decode_bytes(piece.raw, charset) for piece in group)
    return decode_bytes(whole, charset)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _plain(value: str, hint: str | None) -> str:
    return decode_bytes(_bytes(value), None, hint)
