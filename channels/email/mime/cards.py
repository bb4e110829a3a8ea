"""What a vCard says in one line: who, of which company, how to reach them. Versions 2.1 to 4 (RFC 6350). Bounded.

Below bodies.py. The card itself is kept as a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from channels.email.mime.charsets import decode_bytes
from channels.email.mime.transfer import from_quoted_printable
from channels.text import one_line

READ_MAX_BYTES = 512 * 1024
_CARDS_MAX = 10
_VALUES_MAX = 8
_LINE_MAX_CHARACTERS = 300
_FOLD = re.compile(rb"\r?\n[ \t]")
_SOFT_BREAK = re.compile(rb"=\r?\n")
_LINE = re.compile(rb"(?:[A-Za-z0-9-]+\.)?([A-Za-z-]+)((?:;[^:\r\n]*)?):([^\r\n]*)")
_CHARSET = re.compile(rb"CHARSET=\"?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([,;:\\nN])")
_SHOWN = ("FN", "ORG", "TITLE", "TEL", "EMAIL")


def read_cards(data: bytes) -> str:
    """A line a card; nothing for what is none."""
    if len(data) > READ_MAX_BYTES or b"BEGIN:VCARD" not in data[:1000].upper():
        return ""
    cards = re.split(rb"(?im)^BEGIN:VCARD[ \t]*\r?$", data)[1 : _CARDS_MAX + 1]
    return "\n".join(filter(None, (_line(card) for card in cards)))


def _line(card: bytes) -> str:
    found: dict[str, list[str]] = {name: [] for name in (*_SHOWN, "N")}
    for name, value in _properties(card):
        values = found.get(name)
        if value and values is not None and len(values) < _VALUES_MAX and value not in values:
            values.append(value)
    names = found["FN"][:1] or [" ".join(reversed(found["N"][0].split(", ")[:2]))] if found["FN"] or found["N"] else []
    others = [value for name in _SHOWN[1:] for value in found[name]]
    return " · ".join(names + others)[:_LINE_MAX_CHARACTERS]


def _properties(card: bytes) -> Iterator[tuple[str, str]]:
    if b"QUOTED-PRINTABLE" in card.upper():
        card = _SOFT_BREAK.sub(b"", card)
    for found in _LINE.finditer(_FOLD.sub(b"", card)):
        name, parameters, raw = found.group(1).decode("ascii").upper(), found.group(2), found.group(3)
        if b"QUOTED-PRINTABLE" in parameters.upper():
            raw = from_quoted_printable(raw)
        charset = _CHARSET.search(parameters)
        value = decode_bytes(raw, charset.group(1).decode("ascii") if charset else None)
        if name in {"N", "ORG"}:  # of several pieces
            value = ", ".join(filter(None, value.split(";")))
        value = _ESCAPED.sub(lambda each: " " if each.group(1) in "nN" else each.group(1), value)
        yield name, one_line(value).removeprefix("tel:")
