"""The piece of a text that says most of what was looked for, with the words it was found by marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from projections.likeness import folded

_READ_CHARACTERS = 20_000
_WORDS = 30
_BEFORE = 6
_WITHIN = "'\u2019"  # "don't" is one word to who reads
_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")  # "4.2.1" and "setup.exe" are one


def snippet(text: str, marked: Collection[str]) -> str:
    """Some thirty words, the found ones between `**`."""
    words = list(_WORD.finditer(text, 0, _READ_CHARACTERS))
    if not words:
        return ""
    found = [folded(word.group()) if folded(word.group()) in marked else "" for word in words]
    first = max(0, _best(found) - _BEFORE)
    while first and text[words[first].start() - 1] in _WITHIN:
        first -= 1
    last = min(len(words), first + _WORDS)
    pieces: list[str] = []
    at = words[first].start() if first else 0
    for word, mark in zip(words[first:last], found[first:last], strict=True):
        if mark:
            pieces += [text[at : word.start()], "**", word.group(), "**"]
            at = word.end()
    end = words[last].start() if last < len(words) else len(text[:_READ_CHARACTERS])
    pieces.append(text[at:end].rstrip())
    return ("… " if first else "") + "".join(pieces) + (" …" if last < len(words) else "")


def spelled(texts: Collection[str], word: str) -> str:
    """A word as the texts spell it, with its accents."""
    for text in texts:
        for each in _WORD.finditer(text, 0, _READ_CHARACTERS):
            if folded(each.group()) == word:
                return each.group().lower()
    return word


def in_place(text: str, others: Mapping[str, str]) -> str:
    """The text with other words in the place of some, which are named without capitals and accents."""
    return _WORD.sub(lambda word: others.get(folded(word.group()), word.group()), text)


def _best(found: list[str]) -> int:
    """Where a window of words begins that has the most different ones of the found."""
    starts = [place for place, word in enumerate(found) if word]
    return max(starts, key=lambda place: len({*found[place : place + _WORDS - _BEFORE]} - {""}), default=0)
