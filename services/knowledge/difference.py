"""What changed from one text to another, word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_BLOCK_TOKENS_MAX = 4_000
"""Of a changed passage longer than this nobody looks for the words that stayed: it would take seconds."""


class Change(StrEnum):
    """What became of some words."""

    KEPT = "kept"
    TAKEN = "taken"
    PUT = "put"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that follow one another and fared alike."""

    change: Change
    text: str


def difference(before: str, after: str) -> list[Piece]:
    """The pieces in reading order: without those put in they are `before`, without those taken out `after`."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces: list[Piece] = []
    for piece in _by_lines(old, new):
        if pieces and pieces[-1].change is piece.change:
            pieces[-1] = Piece(piece.change, pieces[-1].text + piece.text)
        else:
            pieces.append(piece)
    return pieces


def _by_lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for same, taken, put in _blocks(old, new):
        if same or not (taken and put):
            yield from _pieces(same, taken, put)
            continue
        before, after = _TOKEN.findall("".join(taken)), _TOKEN.findall("".join(put))
        if max(len(before), len(after)) > _BLOCK_TOKENS_MAX:
            yield from _pieces((), taken, put)
        else:
            for words in _blocks(before, after):
                yield from _pieces(*words)


_Block = tuple[Sequence[str], Sequence[str], Sequence[str]]


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[_Block]:
    """What stayed; or what was taken out, and put in, in one place."""
    for tag, i, j, k, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield (old[i:j], (), ()) if tag == "equal" else ((), old[i:j], new[k:end])


def _pieces(same: Sequence[str], taken: Sequence[str], put: Sequence[str]) -> Iterator[Piece]:
    for change, words in ((Change.KEPT, same), (Change.TAKEN, taken), (Change.PUT, put)):
        if words:
            yield Piece(change, "".join(words))
