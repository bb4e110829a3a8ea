"""Bytes to text: by the declared charset where the bytes agree, else by what they look like. Never fails."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from channels.text import clean

_NOT_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
_MEANT = {  # what senders mean by these
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "cp950",
    "iso2022_jp": "iso2022_jp_ext",
}
_ALSO_CALLED = {
    "sjis": "cp932",
    "windows31j": "cp932",
    "gbk": "gb18030",
    "iso88598i": "iso8859-8",
    "iso88598e": "iso8859-8",
    "iso88596i": "iso8859-6",
    "unicode11utf7": "utf-7",
    "utf8mb4": "utf-8",
    "macroman": "mac_roman",
    "windows949": "cp949",
    "kscp949": "cp949",
}
_LATIN = frozenset({"utf-8", "cp1252", "iso8859-15", "cp1254", "latin_1"})
_NOT_ASCII_BELOW_128 = ("utf-7", "utf-16", "utf-32", "hz")
_ESCAPES_OF_JAPANESE = re.compile(rb"\x1b(?:\$[@B]|\([BJI])")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]")
_NAME_MAX_CHARACTERS = 40
_LOST_MAX = 0.1
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def decode_bytes(raw: bytes, charset: str | None, hint: str | None = None) -> str:
    """Storable text. `charset`: as declared, believed only if the bytes agree; `hint`: what is likely if it isn't."""
    name = codec(charset)
    if raw.isascii() and b"\x1b" not in raw and not (name or "").startswith(_NOT_ASCII_BELOW_128):
        return clean(raw.decode("ascii"))
    return clean(_decoded(raw, name, codec(hint)).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))


@lru_cache(maxsize=256)
def codec(charset: str | None) -> str | None:
    """The name of Python's codec for a charset's, or for what is meant by it; None for none that anybody knows."""
    if not charset:
        return None
    wanted = charset[:_NAME_MAX_CHARACTERS].strip(" \t\"'").lower()
    for name in (wanted, wanted.removeprefix("x-"), _ALSO_CALLED.get(_letters(wanted), _letters(wanted))):
        try:
            found = codecs.lookup(name).name
            b"  ".decode(found, "replace")  # base64, rot13 and their like are codecs, and no charsets
        except (LookupError, ValueError, UnicodeError):
            continue
        return _MEANT.get(found, found) if found not in _NOT_CHARSETS else None
    return None


def _letters(name: str) -> str:
    return _NOT_IN_NAMES.sub("", name).removeprefix("x").replace("windows1", "cp1")


def _decoded(raw: bytes, name: str | None, hint: str | None) -> str:
    for each in _candidates(raw, name, hint):
        try:
            return raw.decode(each)
        except (UnicodeError, ValueError):
            continue
    for likely in (name, hint, "utf-8"):
        if likely is not None:
            text = raw.decode(likely, "replace")
            if _reads(text):
                return text
    return raw.decode("cp1252", "replace")


def _reads(text: str) -> bool:
    """A few characters broken, or the last one cut, are no reason to misread the others."""
    lost, foreign = text.count(_REPLACEMENT), sum(character > "\x7f" for character in text)
    cut = lost == 1 < foreign and text.rstrip().endswith(_REPLACEMENT)
    return cut or lost <= _LOST_MAX * foreign


def _candidates(raw: bytes, name: str | None, hint: str | None) -> list[str]:
    """In the order in which they are believed. Text that is UTF-8 by chance hardly exists: so before any Latin one."""
    if name is not None and name.startswith(("utf-16", "utf-32")) and b"\0" not in raw and raw.isascii():
        return ["ascii"]  # says so, and isn't
    if name is None:
        japanese = raw.isascii() and _ESCAPES_OF_JAPANESE.search(raw)
        found = ["iso2022_jp_ext", "utf-8"] if japanese else ["utf-8"]
    else:
        found = ["utf-8", name] if name in _LATIN else [name, "utf-8"]
    return [*found, hint] if hint is not None else found
