"""Bytes to text: the declared charset, else UTF-8, else Windows-1252. Never fails. For headers and bodies."""

from __future__ import annotations

import codecs

from channels.text import clean

_NOT_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
_SUPERSETS = {"ascii": "utf-8", "iso8859-1": "cp1252", "gb2312": "gb18030"}  # what senders mean by these


def decode_bytes(raw: bytes, charset: str | None) -> str:
    """Storable text. `charset`: as declared, believed only if the bytes agree."""
    for name in (_codec(charset), "utf-8"):
        if name is None:
            continue
        try:
            return clean(raw.decode(name))
        except (UnicodeError, LookupError, ValueError):
            continue
    return clean(raw.decode("cp1252", "replace"))


def _codec(charset: str | None) -> str | None:
    if not charset:
        return None
    try:
        name = codecs.lookup(charset.strip().strip("\"'").lower()).name
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if name in _NOT_CHARSETS else _SUPERSETS.get(name, name)
