"""Tells what somebody wrote from the history their mail program put under it. Linear in the text. Below parse.py.

Own code (docs/decisions/0008): the libraries are English only, or quadratic, and strip the indentation of what they
return. In doubt the history stays: too much is read past, a person's own words are missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from channels.email.words import quote_words
from channels.email.words.attributions import LINES_MAX as ATTRIBUTION_LINES_MAX
from channels.email.words.attributions import attribution_at
from channels.email.words.header_blocks import COLONS, DRAWN, block_at, is_forward_title, is_original_title, is_rule
from channels.email.words.signatures import end_of_words

_ANSWER = re.compile(
    rf"\s*(?:{'|'.join(quote_words.ANSWER_MARKS.split())})\s?(?:\[\d+\]|\(\d+\))?\s?[:\uff1a]", re.IGNORECASE
)
_FORWARD = re.compile(rf"\s*(?:{'|'.join(quote_words.FORWARD_MARKS.split())})\s?[:\uff1a]", re.IGNORECASE)


def is_answer(subject: str) -> bool:
    """Does its subject say so?"""
    return _ANSWER.match(subject) is not None


def is_forward(subject: str) -> bool:
    """Does its subject say so?"""
    return _FORWARD.match(subject) is not None


def reply_of(text: str, *, answers: bool = True, forwards: bool = False) -> str:
    """What was written, without history and signature; all of it where nothing else would be left.

    `answers`: it says which mail it answers, so that quoted lines under it may be that one's. `forwards`: it passes one
    on, which is what it says.
    """
    whole = text.strip("\n")
    if forwards:
        return whole
    lines = text.split("\n")
    end = _end_of_words(lines, answers=answers)
    return "\n".join(lines[:end]).rstrip().lstrip("\n") or whole


def _end_of_words(lines: Sequence[str], *, answers: bool) -> int:
    end = end_of_words(lines, len(lines))
    own = end  # behind the last line that isn't quoted
    while own and (not lines[own - 1].strip() or lines[own - 1].startswith(">")):
        own -= 1
    for at in worth_a_look(lines):
        if at >= end:
            break
        line = lines[at]
        if not line.strip() or line.startswith(">"):
            continue
        if is_forward_title(line):
            return len(lines)  # what was passed on is the message
        cut = _history_at(lines, at, own)
        if cut is not None:
            return end_of_words(lines, cut)
    introduced = lines[own - 1].strip().endswith(COLONS) if own else True
    return end_of_words(lines, own) if answers and own < end and not introduced else end


def worth_a_look(lines: Sequence[str]) -> Iterator[int]:
    """Where history may be announced: all that does it begins with a drawn line, or has a colon within a few lines."""
    colon, wide = COLONS
    done = 0
    for at, line in enumerate(lines):
        if colon in line or wide in line or line.lstrip().startswith(DRAWN):
            yield from range(max(at - ATTRIBUTION_LINES_MAX + 1, done), at + 1)
            done = at + 1


def _history_at(lines: Sequence[str], at: int, own: int) -> int | None:
    """Where history begins that somebody's program announces here. `own`: behind the last words of the writer's."""
    if is_original_title(lines[at]) or block_at(lines, at):
        return _with_rule(lines, at)
    found = attribution_at(lines, at)
    if found is None:
        return None
    below = next((line for line in lines[found.end : found.end + 4] if line.strip()), "")
    if below.startswith(">"):
        return found.start if own <= found.end else None  # else they answered among the quotes
    return found.start if found.sure else None


def _with_rule(lines: Sequence[str], at: int) -> int:
    """The line drawn above it goes with it."""
    above = at - 1
    while above >= 0 and not lines[above].strip() and above >= at - 2:
        above -= 1
    return above if above >= 0 and is_rule(lines[above]) else at
