"""HTML that the sanitizer would spend seconds or gigabytes on, told before it does. Linear, for html.py.

A browser's rules open what was left open again in each paragraph, look for what stands wrongly in a table, and compare
an attribute with all others of its tag: a mail of 40 KB can be made of millions of elements. What is open is told
roughly as a browser does, in doubt too much. No proof: the bounds of the child process that parses mail (20 s, 1 GB)
stay the real lock.
"""

from __future__ import annotations

import re
from collections import Counter

DEPTH_MAX = 500  # the time grows with the square of it
TAGS_MAX = 40_000
ATTRIBUTES_MAX = 1000  # of one tag
OPENED_AGAIN_MAX = 400_000
SMALL = 4000  # characters: whatever they hide, it is done in milliseconds

_SPACE = r" \t\n\f\r"
_ATTRIBUTE = (
    rf"""[{_SPACE}/]*+[^{_SPACE}/>][^{_SPACE}/>=]*+"""
    rf"""(?:[{_SPACE}]*+=[{_SPACE}]*+(?:"[^"]*+"|'[^']*+'|[^{_SPACE}>"'][^{_SPACE}>]*+)?+)?+"""
)
_TAG = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(?:[!?]|/[^a-z>])[^>]*+|<(?P<closing>/?)"
    rf"(?P<name>(?P<raw>(?<!/)(?:style|script|title|textarea|xmp|iframe|noembed|noframes)(?=[{_SPACE}/>]))"
    rf"|[a-z][^{_SPACE}/>]*+)(?P<attributes>(?:{_ATTRIBUTE})*+)"
    rf"(?(raw)[{_SPACE}/]*+>(?P<words>.*?)(?:(?=</(?P=raw)[{_SPACE}/>])|\Z))",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
_ONE = re.compile(_ATTRIBUTE)
_NEVER_OPEN = frozenset(
    (
        *("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
        *("option", "tbody", "td", "th", "thead", "tr"),  # each ends the one before, only a table within nests them
    )
)
_OPENED_AGAIN = frozenset(("b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"))
_CLOSED_ALONE = _OPENED_AGAIN | {"a", "form", "nobr"}  # what is open within stays so
_ENDS = {"dd": ("dd", "dt"), "dt": ("dd", "dt"), "li": ("li",)}  # those before, with no end tag
_WALLS = frozenset(("applet", "marquee", "object", "select", "table", "template"))  # no end tag within reaches out
_WALLS_OF_ITEMS = _WALLS | {"ol", "ul"}
_BLOCKS = _WALLS | frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "button", "center", "dd", "details", "dir", "div", "dl"),
        *("dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"),
        *("hgroup", "li", "listing", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "ul"),
    )
)


def is_costly(text: str) -> bool:
    """Is it nested, marked or crowded beyond reason?"""
    names: list[str] = []  # of what is open, outermost first
    marks: Counter[str] = Counter()
    opened_again = 0
    for number, found in enumerate(_TAG.finditer(text)):
        closing, name, attributes = found.group("closing", "name", "attributes")
        if name is None:
            continue
        name = name.lower()
        if found["raw"] and len(text) > SMALL and _is_ambiguous(name, found["words"], names):
            return True
        if closing:
            _close(names, marks, name)
        elif name not in _NEVER_OPEN:
            _open(names, marks, name)
        opened_again += marks.total()
        if len(names) > DEPTH_MAX or opened_again > OPENED_AGAIN_MAX or number > TAGS_MAX or _is_crowded(attributes):
            return True
    return False


def _open(names: list[str], marks: Counter[str], name: str) -> None:
    for ended in (("p",), _ENDS.get(name, ())) if name in _BLOCKS else ():
        if (at := _reached(names, ended, _BLOCKS)) is not None:
            del names[at:]
    names.append(name)
    if name in _OPENED_AGAIN:
        marks[name] += 1


def _close(names: list[str], marks: Counter[str], name: str) -> None:
    walls = _WALLS_OF_ITEMS if name == "li" else _WALLS if name in _BLOCKS or name in _CLOSED_ALONE else _BLOCKS
    at = _reached(names, (name,), walls)
    if marks[name] and (at is not None or name not in names):
        marks[name] -= 1
    if at is not None:
        del names[at : at + 1 if name in _CLOSED_ALONE else None]


def _reached(names: list[str], wanted: tuple[str, ...], walls: frozenset[str]) -> int | None:
    """Where the innermost of those stands, with no wall before it."""
    for at in range(len(names) - 1, -1, -1):
        if names[at] in wanted:
            return at
        if names[at] in walls:
            return None
    return None


def _is_ambiguous(name: str, words: str, names: list[str]) -> bool:
    """Where do its words end? In SVG they are markup; a script within a comment of a script ends later."""
    if "<" not in words:
        return False
    return "svg" in names or "math" in names or (name == "script" and "<!--" in words and "<script" in words.lower())


def _is_crowded(attributes: str) -> bool:
    return len(attributes) > 2 * ATTRIBUTES_MAX and len(_ONE.findall(attributes)) > ATTRIBUTES_MAX
