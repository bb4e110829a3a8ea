"""What of a text may tell who it is about: addresses, numbers, names, links that let somebody in. Pure.

For whoever makes an article of an answer: shown marked, replaced at one click. In doubt it is marked; a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from projections.likeness import folded

_NAME_MIN = 3
_TOKEN_MIN = 16


class Tells(StrEnum):
    """What sort of thing it is."""

    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"
    """Its query or a part of its path is a secret, or names somebody."""
    NUMBER = "number"
    """Of an order, an invoice, an account, a customer."""
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Found:
    """`text[start:end]`."""

    start: int
    end: int
    tells: Tells


_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LINK = re.compile(r"https?://[^\s<>()\[\]\"'«»]+", re.IGNORECASE)
_TOKEN = re.compile(rf"[A-Za-z0-9_~.-]{{{_TOKEN_MIN},}}")
_DATE = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{4})(?!\d)"
_PHONE = re.compile(rf"(?<![\w./-])(?!{_DATE})\+?\(?\d(?:[ ().-]{{0,2}}\d){{6,14}}(?![\w-]|\.\d)")
_NUMBER = re.compile(
    r"(?<![\w.-])(?:[A-Z]{1,5}[-/]?\d{2,8}(?:[-/]\d{2,10}){1,3}|[A-Z]{1,4}-?\d{6,12}|\d{8,20})(?![\w-])"
)
_IDENTITY = re.compile(r"(?<![\w.-])(?:[XYZ]-?\d{7}|\d{2}\.?\d{3}\.?\d{3}|\d{7})-?[A-Z](?![\w-])", re.IGNORECASE)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(rf"(?<![\w./-])(?!{_DATE})\d(?:[ -]?\d){{12,18}}(?![\w-])")


def find(text: str, names: Iterable[str] = ()) -> list[Found]:
    """All of them, from left to right, none within another. `names`: of who wrote, and of what they belong to."""
    found: list[Found] = []
    for each in sorted(_each(text, names), key=lambda one: (one.start, -one.end)):
        if not found or each.start >= found[-1].end:
            found.append(each)
    return found


def pieces(text: str, found: Iterable[Found]) -> Iterator[tuple[str, Tells | None]]:
    """The whole text in order, what was found apart from the rest: to be shown marked."""
    at = 0
    for each in found:
        if at < each.start:
            yield text[at : each.start], None
        yield text[each.start : each.end], each.tells
        at = each.end
    if at < len(text):
        yield text[at:], None


def replaced(text: str, names: Iterable[str], instead: Mapping[Tells, str]) -> str:
    """The text with something else in the place of each of them."""
    return "".join(piece if tells is None else instead[tells] for piece, tells in pieces(text, find(text, names)))


def _each(text: str, names: Iterable[str]) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        yield Found(match.start(), match.end(), Tells.EMAIL)
    for match in _LINK.finditer(text):
        link = match[0].rstrip(".,;:!?")
        if _lets_in(link):
            yield Found(match.start(), match.start() + len(link), Tells.LINK)
    for pattern in (_NUMBER, _IDENTITY, _IBAN, _CARD):
        for match in pattern.finditer(text):
            yield Found(match.start(), match.end(), Tells.NUMBER)
    for match in _PHONE.finditer(text):
        yield Found(match.start(), match.end(), Tells.PHONE)
    level, places = _leveled(text)
    for name in _spelled(names):
        for match in re.finditer(rf"(?<!\w){re.escape(folded(name))}(?!\w)", level):
            yield Found(places[match.start()], places[match.end()], Tells.NAME)


def _leveled(text: str) -> tuple[str, list[int]]:
    """The text without capitals and accents, and where each letter of that, and its end, stands in the text."""
    level = [(letter, at) for at, written in enumerate(text) for letter in folded(written)]
    return "".join(letter for letter, _ in level), [*(at for _, at in level), len(text)]


def _lets_in(link: str) -> bool:
    """Does it carry a query, or a long part with digits in it: a token?"""
    path, asked, _ = link.partition("?")
    parts = path.split("/")[3:]
    return bool(asked) or any(_TOKEN.search(part) and any(letter.isdigit() for letter in part) for part in parts)


def _spelled(names: Iterable[str]) -> list[str]:
    """Whole names before their parts; parts of two letters are words of any text."""
    whole = [" ".join(name.split()) for name in names]
    parts = [part for name in whole for part in name.split() if len(part) >= _NAME_MIN and part[0].isupper()]
    return [name for name in dict.fromkeys((*whole, *parts)) if len(name) >= _NAME_MIN]
