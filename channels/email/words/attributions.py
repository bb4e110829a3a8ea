"""The lines that say who wrote what is quoted below, and when: "On Monday …, Ana <ana@x.cu> wrote:". For quotes.py.

Which language it is does not matter: it ends in a colon, names a day or an address, and has a word for writing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from channels.email.words import quote_words
from channels.email.words.header_blocks import COLONS, LINE_MAX_CHARACTERS

LINES_MAX = 4  # programs wrap it
_WRAPPED_NAME_MIN_CHARACTERS = 40

_WROTE = re.compile("|".join(re.escape(word) for word in quote_words.WROTE), re.IGNORECASE)
_BEGINS = re.compile(rf"(?:{'|'.join(quote_words.BEGINNINGS)})(?:\b|(?<=在))")
_ADDRESS = re.compile(r"<[^<>\s]{1,64}@[^<>\s]{1,190}>|\[mailto:")
_DAY = re.compile(r"\b\d{1,4}\s?[./-]\s?\d{1,2}\b|\b(?:19|20)\d\d\b|\d年")
_NUMBERS = re.compile(r"[\d<\[]")  # in each day and address
_TIME = re.compile(r"\b\d{1,2}[:.h]\d\d\b")


class Attribution:
    """Its lines, `end` excluded. `sure`: even where nothing below it is marked as quoted."""

    __slots__ = ("end", "start", "sure")

    def __init__(self, start: int, end: int, *, sure: bool) -> None:
        self.start = start
        self.end = end
        self.sure = sure


def attribution_at(lines: Sequence[str], at: int) -> Attribution | None:
    """One that ends within a few lines of this; it may begin some lines below."""
    for last in range(at, min(at + LINES_MAX, len(lines))):
        line = lines[last].strip()
        if not line or line.startswith(">"):
            return None
        if line.endswith(COLONS):
            numbers = any(_NUMBERS.search(lines[here][:LINE_MAX_CHARACTERS]) for here in range(at, last + 1))
            return _ending(lines, at, last) if numbers else None
    return None


def _ending(lines: Sequence[str], first: int, last: int) -> Attribution | None:
    for start in range(first, last + 1):
        if _BEGINS.match(lines[start].strip()) and (found := _says_who(lines, start, last)):
            return found
    found = _says_who(lines, last, last)
    if found is not None and last > first and lines[last].lstrip().startswith("<"):
        above = lines[last - 1].strip()
        paragraph = last == 1 or not lines[last - 2].strip()
        if len(above) >= _WRAPPED_NAME_MIN_CHARACTERS and paragraph:  # a name so long that its address came below
            return _says_who(lines, last - 1, last)
    return found


def _says_who(lines: Sequence[str], start: int, last: int) -> Attribution | None:
    text = " ".join(lines[here].strip()[: LINE_MAX_CHARACTERS + 1] for here in range(start, last + 1))
    if len(text) > LINE_MAX_CHARACTERS:
        return None
    address, day, time = (pattern.search(text) is not None for pattern in (_ADDRESS, _DAY, _TIME))
    wrote = _WROTE.search(text) is not None
    if not ((wrote and (day or address)) or (day and (address or time))):
        return None
    return Attribution(start, last + 1, sure=wrote and address and (day or time))
