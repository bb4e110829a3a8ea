"""Markdown as its readers get it: rendered without any HTML of the writer's, and cleaned once more.

One way for pages, the editor's preview, exported files: what is safe in one is safe in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict


def _image(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """Of a picture from elsewhere only a link: our pages load none, for its host would learn who reads."""
    address = str(tokens[at].attrGet("src") or "")
    if ":" not in address and not address.startswith("//"):
        return renderer.image(tokens, at, options, env)
    words = renderer.renderInlineAsText(tokens[at].children, options, env)
    return f'<a href="{escape(address)}">{escape(words or address)}</a>'


_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.add_render_rule("image", _image)


def to_html(text: str) -> str:
    """Safe HTML."""
    # the parser lets no HTML through; nh3 is the second lock
    return nh3.clean(_markdown.render(text))
