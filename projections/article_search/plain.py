"""What a Markdown text says, without its marks: to be searched and quoted from."""

from __future__ import annotations

import re

_MARKS = (
    (re.compile(r"[ \t]*->[ \t]*(?:#[\w-]+|contact|article:[\w-]+)[ \t]*$", re.MULTILINE), "."),  # a guide's answer
    (re.compile(r"[ \t]*\{#[a-z0-9-]+\}[ \t]*$", re.MULTILINE), ""),  # and the name of a question
    (re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)"), r"\1"),  # a link's and a picture's words
    (re.compile(r"^\s{0,12}(?:[-*+>#]+|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?", re.MULTILINE), ""),
    (re.compile(r"^\s{0,3}(?:`{3,}|~{3,}|-{3,}|={3,}).*$", re.MULTILINE), ""),
    (re.compile(r"(?<!\\)[*`~|]+|(?<!\w)_+|(?<!_)_+(?!\w)"), ""),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
    (re.compile(r"\s+"), " "),
)


def plain(markdown: str) -> str:
    """One line of words."""
    for mark, left in _MARKS:
        markdown = mark.sub(left, markdown)
    return markdown.strip()
