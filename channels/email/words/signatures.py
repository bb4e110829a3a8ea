"""Tells a signature, and what a telephone or a list puts under it, from the words above. Linear. For quotes.py.

`-- ` is the standard's (RFC 3676 §4.3). The bare `--` that remains of it where a program trims lines could be anything
else, so what stands below must look like somebody's name and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from channels.email.words import quote_words
from channels.email.words.header_blocks import is_rule

_LINE_MAX_CHARACTERS = 120
_STANDARD_LINES_MAX = 20
_BARE_LINES_MAX = 8
_BARE_LINE_MAX_CHARACTERS = 80
_NAME_WORDS_MAX = 5
_FOOTER_LINES_MAX = 8
_BARE = {"--", "—", "\N{EN DASH}"}

_DEVICES = "|".join(re.escape(name) for name in quote_words.DEVICES.split())
_SENT_FROM = re.compile(
    rf"(?:{'|'.join(quote_words.SENT_FROM)}).{{0,60}}?(?:{_DEVICES})(?:[^\w<>]{{0,3}}\w+){{0,3}}\W{{0,3}}(?:<[^<>\s]+>)?"
    rf"|.{{0,40}}(?:{_DEVICES}).{{0,20}}(?:{'|'.join(quote_words.SENT_FROM_AFTER)})\W?",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"@|https?://|www\.|\+?\d[\d\s().-]{5,}\d")
_LIST = re.compile(
    r"mailing list|lista de correo|mailman|listinfo|unsubscribe|groups\.google|liste de diffusion", re.IGNORECASE
)
_SHORTENED = re.compile(r"\b(?:\w|Inc|Ltd|Co|Cía|Corp|Lda|Ltda|Dr|Ing|Lic)\.$")
_SENTENCE = (".", "?", "!", "…", "。", "\uff1f", "\uff01")


def end_of_words(lines: Sequence[str], end: int) -> int:
    """Where the words end that stand in `lines[:end]`: before the signature and what machines add below it."""
    bare = sum(1 for line in lines[:end] if line.strip() in _BARE)
    end = _without_footers(lines, end)
    for last in range(end - 1, max(end - 2 - _STANDARD_LINES_MAX, -1), -1):
        at, line = last, lines[last]
        if line.startswith(">"):
            break
        if line == "-- " or (line.strip() in _BARE and bare == 1 and _is_card(lines[at + 1 : end])):
            while at and lines[at - 1].strip() in _BARE:  # the program's own mark over the writer's
                at -= 1
            return _without_footers(lines, at)
    return end


def _without_footers(lines: Sequence[str], end: int) -> int:
    while end:
        line = lines[end - 1].strip()
        if line and not (len(line) <= _LINE_MAX_CHARACTERS and _SENT_FROM.fullmatch(line)):
            below = _list_footer(lines, end)
            if below == end:
                return end
            end = below
        else:
            end -= 1
    return end


def _list_footer(lines: Sequence[str], end: int) -> int:
    """Where what a mailing list writes below every mail begins: a rule, its name, its address."""
    for at in range(end - 1, max(end - _FOOTER_LINES_MAX, -1), -1):
        if is_rule(lines[at]):
            said = any(_LIST.search(line[:400]) for line in lines[at + 1 : end])
            return at if said else end
    return end


def _is_card(lines: Sequence[str]) -> bool:
    """Short lines: a name, a trade, numbers and addresses; no sentence."""
    said = [line.strip() for line in lines if line.strip()]
    if not said or len(said) > _BARE_LINES_MAX:
        return False
    return all(len(line) <= _BARE_LINE_MAX_CHARACTERS and (_CONTACT.search(line) or _is_name(line)) for line in said)


def _is_name(line: str) -> bool:
    words = line.split()
    begun = sum(1 for word in words if not word[0].islower())
    return (
        len(words) <= _NAME_WORDS_MAX
        and begun * 2 > len(words)
        and (not line.endswith(_SENTENCE) or _SHORTENED.search(line) is not None)
    )
