"""HTML that the sanitizer would spend seconds or gigabytes on, told before it does. Linear, for html.py.

A browser's rules open what was left open again in each paragraph, look for what stands wrongly in a table, and compare
an attribute with all others of its tag: a mail of 40 KB can be made of millions of elements.
"""

from __future__ import annotations

import re

DEPTH_MAX = 500  # the time grows with the square of it
TAGS_MAX = 40_000
ATTRIBUTES_MAX = 1000  # of one tag
OPENED_AGAIN_MAX = 400_000

_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+"""
_TAG = re.compile(
    rf"<!--(?:-?>|.*?(?:--!?>|\Z))|<(?P<closing>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>(?:{_ATTRIBUTE})*+)",
    re.DOTALL,
)
_ONE = re.compile(_ATTRIBUTE)
_CLOSED_BY_THEMSELVES = frozenset(
    ("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "p", "source", "track", "wbr")
)
_OPENED_AGAIN = frozenset(("b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"))


def is_costly(text: str) -> bool:
    """Is it nested, marked or crowded beyond reason?"""
    depth = marks = opened_again = 0
    for number, found in enumerate(_TAG.finditer(text)):
        closing, name, attributes = found.group("closing", "name", "attributes")
        if name is None:
            continue
        name = name.lower()
        change = -1 if closing else 1
        if name in _OPENED_AGAIN:
            marks = max(marks + change, 0)
        if name not in _CLOSED_BY_THEMSELVES:
            depth = max(depth + change, 0)
        opened_again += marks
        if depth > DEPTH_MAX or opened_again > OPENED_AGAIN_MAX or number > TAGS_MAX or _is_crowded(attributes):
            return True
    return False


def _is_crowded(attributes: str) -> bool:
    return len(attributes) > 2 * ATTRIBUTES_MAX and len(_ONE.findall(attributes)) > ATTRIBUTES_MAX
