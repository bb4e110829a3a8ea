"""The value and the parameters of a Content-Type or Content-Disposition: RFC 2045 §5.1, 2231 §3-4, and how they break.

Own code: the standard library reads a header anew for each parameter, and gives up on what is broken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from channels.email.mime.charsets import decode_bytes
from channels.email.mime.encoded_words import decode_words

_PARAMETER = re.compile(r""";[\s;]*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)""", re.DOTALL)
_SECTION = re.compile(r"([^*]+)\*(\d{1,3})?(\*)?")
_ESCAPED = re.compile(r'\\(["\\])')
_FOLD = re.compile(r"\r?\n[ \t]?|\r")
_PARAMETERS_MAX = 100


@dataclass(frozen=True)
class Parametrized:
    """Such a header: its value in lower case, its parameters by lower-case name, decoded."""

    value: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])

    def __getitem__(self, name: str) -> str:
        return self.parameters.get(name, "")


def read_parameters(header: str, hint: str | None = None) -> Parametrized:
    """`hint`: the likely charset of raw eight-bit text."""
    value = header.partition(";")[0].strip().lower()
    if ";" not in header:
        return Parametrized(value)
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for count, found in enumerate(
        _PARAMETER.finditer(_FOLD.sub(" ", header) if "\n" in header or "\r" in header else header)
    ):
        if count == _PARAMETERS_MAX:
            break
        name, written = found.group(1).lower(), _unquoted(found.group(2))
        section = _SECTION.fullmatch(name)
        if section is None:
            plain.setdefault(name, written)
        else:
            number, encoded = int(section.group(2) or 0), bool(section.group(3)) or section.group(2) is None
            sections.setdefault(section.group(1), []).append((number, encoded, written))
    decoded = {name: decode_words(written, hint) for name, written in plain.items()}
    return Parametrized(value, decoded | {name: _joined(pieces) for name, pieces in sections.items()})


def _unquoted(written: str) -> str:
    written = written.strip()
    if not written.startswith('"'):
        return written
    # only what has to be escaped is: `C:\\fakepath\\x` is how some write a path
    return _ESCAPED.sub(r"\1", written[1:].removesuffix('"') if len(written) > 1 else "")


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """RFC 2231 §3: by their numbers; §4: the charset stands in the first."""
    pieces.sort(key=lambda piece: piece[0])
    charset: str | None = None
    raw = b""
    for place, (_, encoded, written) in enumerate(pieces):
        rest = written
        if place == 0 and encoded and written.count("'") >= 2:  # noqa: PLR2004 -- charset'language'text
            charset, _, rest = written.split("'", 2)
        data = rest.encode("utf-8", "surrogateescape")
        raw += unquote_to_bytes(data) if encoded else data
    return decode_words(decode_bytes(raw, charset or None))
