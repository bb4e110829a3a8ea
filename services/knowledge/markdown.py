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

_LINKED = "linked"  # in the environment of one rendering: are we within a link?


def _link(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    env[_LINKED] = tokens[at].type == "link_open"
    return renderer.renderToken(tokens, at, options, env)


def _image(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """Of a picture from elsewhere only a link: our pages load none, for its host would learn who reads.

    Within a link only its words: a link in a link would end it.
    """
    address = str(tokens[at].attrGet("src") or "")
    if ":" not in address and not address.startswith("//"):
        return renderer.image(tokens, at, options, env)
    words = escape(renderer.renderInlineAsText(tokens[at].children, options, env) or address)
    return words if env.get(_LINKED) else f'<a href="{escape(address)}">{words}</a>'


_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_markdown.add_render_rule("image", _image)
_markdown.add_render_rule("link_open", _link)
_markdown.add_render_rule("link_close", _link)


def to_html(text: str) -> str:
    """Safe HTML."""
    # the parser lets no HTML through; nh3 is the second lock
    return nh3.clean(_markdown.render(text))
