"""Text as it may be kept: without what PostgreSQL or UTF-8 can't hold, and no longer than stated. At every edge."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD. One of them would break a whole batch."""
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub(_REPLACEMENT, text)


def shorten(text: str, max_bytes: int) -> str:
    """Clean text cut to at most `max_bytes` of UTF-8, never inside a character."""
    if len(text) * 4 <= max_bytes:
        return text
    return text.encode()[:max_bytes].decode(errors="ignore")


def one_line(text: str) -> str:
    """Names and subjects: clean, each run of white space and control characters a single space."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")  # nearly every one
    return " ".join(_CONTROL.sub(" ", clean(text)).split())
