"""HTML of a mail made safe to show. Bounded in size and cost. Below bodies.py; html_text.py reads what comes out.

What the sanitizer leaves is well-formed, its attributes quoted and escaped: that is what pictures.py and links.py,
which go over it, rely on.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from itertools import count

import nh3

from channels.email.words import html_marks, pictures
from channels.email.words.html_cost import is_costly

HTML_MAX_CHARACTERS = 512 * 1024
LINKS_MAX = 2000

_ANCHOR = re.compile(r"<a\s", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_NEVER_READ = {"script", "style", "title", "noscript", "template", "svg", "math", "object", "select", "audio", "video"}
_LINKS = ("https:", "http:", "mailto:", "tel:")
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "style", "hidden"},
    "div": html_marks.ATTRIBUTES,
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start"},
    "bdo": {"dir"},
    **{name: html_marks.ATTRIBUTES - {"style"} for name in ("blockquote", "span", "p", "pre", "hr", "table")},
}
_STYLED = re.compile(rf'(<div[^<>]*) style="{html_marks.HISTORY}"')


def is_cut(text: str) -> bool:
    """Is there more in it than `sanitized` keeps?"""
    return len(text) > HTML_MAX_CHARACTERS or len(_ANCHOR.findall(text)) > LINKS_MAX


def sanitized(text: str, *, embedded: Mapping[str, str] | None = None, remote: bool = False) -> str:
    """HTML that may be shown. One that would cost too much becomes plain text.

    `embedded`: Content-ID → data URL of the pictures that came along; without it they stay named. `remote`: somebody
    asked for pictures from elsewhere; without it nothing is left that names where they lie but the host.
    """
    cut = text[:HTML_MAX_CHARACTERS]
    if is_costly(cut):
        return f"<pre>{html.escape(html.unescape(_ANY_TAG.sub(' ', cut)))}</pre>"
    safe = nh3.clean(
        cut,
        tags=nh3.ALLOWED_TAGS - {"area", "map"},
        clean_content_tags=_NEVER_READ,
        attributes=_ATTRIBUTES,
        attribute_filter=_bounded(LINKS_MAX),
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
    )
    # an inline style is refused by the frame's policy, loudly
    return pictures.settled(_STYLED.sub(rf'\1 class="{html_marks.HISTORY}"', safe), embedded, remote=remote)


def _bounded(links: int) -> Callable[[str, str, str], str | None]:
    """`_attribute`, for so many links: of the others the words are left."""
    left = count(links, -1)

    def attribute(element: str, name: str, value: str) -> str | None:
        return None if (element, name) == ("a", "href") and next(left) <= 0 else _attribute(element, name, value)

    return attribute


def _attribute(element: str, attribute: str, value: str) -> str | None:
    match element, attribute:
        case "a", _:  # none without a host: it would lead into our own site
            return value if value.lower().lstrip().startswith(_LINKS) else None
        case "img", _:
            return pictures.attribute(attribute, value)
        case _, "class" | "id" | "data-marker" | "style":
            return html_marks.mark_of(attribute, value)
        case _:
            return value
