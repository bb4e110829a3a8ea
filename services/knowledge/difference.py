"""What changed from one text to another, word by word. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_EFFORT_MAX = 60_000_000
"""When this is spent nobody looks any more for what stayed: it would take seconds."""


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


class _Effort:
    """What is left of it for one comparison."""

    def __init__(self) -> None:
        self.left = _EFFORT_MAX

    def enough(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """SequenceMatcher looks at each pair of equals, at worst once for each of the shorter."""
        there = Counter(new)
        pairs = sum(count * there[each] for each, count in Counter(old).items())
        effort = pairs * min(len(old), len(new))
        if effort > self.left:
            return False
        self.left -= effort
        return True


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
    effort = _Effort()
    for same, taken, put in _blocks(old, new, effort):
        if same or not (taken and put):
            yield from _pieces(same, taken, put)
            continue
        # as many lines as before: each in the place of one
        changed = zip(taken, put, strict=True) if len(taken) == len(put) else [("".join(taken), "".join(put))]
        for before, after in changed:
            for words in _blocks(_TOKEN.findall(before), _TOKEN.findall(after), effort):
                yield from _pieces(*words)


_Block = tuple[Sequence[str], Sequence[str], Sequence[str]]


def _blocks(old: Sequence[str], new: Sequence[str], effort: _Effort) -> Iterator[_Block]:
    """What stayed; or what was taken out, and put in, in one place."""
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    taken, put = old[first : len(old) - last], new[first : len(new) - last]
    yield old[:first], (), ()
    if effort.enough(taken, put):
        for tag, i, j, k, end in SequenceMatcher(None, taken, put, autojunk=False).get_opcodes():
            yield (taken[i:j], (), ()) if tag == "equal" else ((), taken[i:j], put[k:end])
    else:
        yield (), taken, put
    yield old[len(old) - last :], (), ()


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many of them are the same from the beginning."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(old), len(new)))


def _pieces(same: Sequence[str], taken: Sequence[str], put: Sequence[str]) -> Iterator[Piece]:
    for change, words in ((Change.KEPT, same), (Change.TAKEN, taken), (Change.PUT, put)):
        if words:
            yield Piece(change, "".join(words))
