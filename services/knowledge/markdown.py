"""Markdown as its readers get it: rendered without any HTML of the writer's, and cleaned once more.

One way for pages, the editor's preview, exported files: what is safe in one is safe in all.
"""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def to_html(text: str) -> str:
    """Safe HTML."""
    # the parser lets no HTML through; nh3 is the second lock
    return nh3.clean(_markdown.render(text), attribute_filter=_attribute)


def _attribute(element: str, name: str, value: str) -> str | None:
    # a picture from elsewhere would tell its host who reads; our pages refuse it, an exported one can't: its words stay
    elsewhere = (element, name) == ("img", "src") and (":" in value or value.startswith("//"))
    return None if elsewhere else value
