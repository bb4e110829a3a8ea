"""HTML of a mail made safe to show, and made into text. Bounded in size and depth. Below bodies.py."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

import nh3

from channels.text import clean

HTML_MAX_CHARACTERS = 512 * 1024
TEXT_FROM_MAX_CHARACTERS = 96 * 1024
DEPTH_MAX = 500  # the sanitizer's time grows with the square of it

_ALLOWED = nh3.ALLOWED_TAGS - {"img"}  # a remote picture tells its sender who reads, and when
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_CLOSED_BY_THEMSELVES = frozenset(
    ("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "p", "source", "track", "wbr")
)

_SPACED = frozenset(("p", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _SPACED | {"div", "tr", "li", "hr", "dl", "dt", "dd", "article", "section", "header", "footer", "center"}
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANKS = re.compile(r"\n{3,}")


def sanitized(text: str, *, pictures: Mapping[str, str] | None = None) -> str:
    """HTML that may be shown. One nested beyond reason becomes plain text.

    `pictures`: somebody asked for them; Content-ID → data URL of those that came along, the others stay where they are.
    """
    cut = text[:HTML_MAX_CHARACTERS]
    if _depth(cut) > DEPTH_MAX:
        return f"<pre>{html.escape(html.unescape(_ANY_TAG.sub(' ', cut)))}</pre>"
    if pictures is not None:
        return _with_pictures(cut, pictures)
    return nh3.clean(
        cut,
        tags=_ALLOWED,
        clean_content_tags={"script", "style", "title"},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


def _with_pictures(text: str, pictures: Mapping[str, str]) -> str:
    def source(element: str, attribute: str, value: str) -> str | None:
        if (element, attribute) != ("img", "src"):
            return None if value.lower().lstrip().startswith(("data:", "cid:")) else value
        if value.lower().startswith("cid:"):
            return pictures.get(unquote(value[4:]))
        return value if value.lower().startswith(("https://", "http://")) else None

    return nh3.clean(
        text,
        tags=_ALLOWED | {"img"},
        clean_content_tags={"script", "style", "title"},
        attributes={**nh3.ALLOWED_ATTRIBUTES, "img": {"src", "alt", "width", "height"}},
        attribute_filter=source,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
    )


def text_of_html(safe: str) -> str:
    """Readable text of sanitized HTML: links by their address, lists by dashes, quotes by `>`."""
    reader = _Reader()
    reader.feed(safe[:TEXT_FROM_MAX_CHARACTERS])
    reader.close()
    return clean(reader.text)


def _depth(text: str) -> int:
    depth = deepest = 0
    for closing, name in _TAG.findall(text):
        if name.lower() in _CLOSED_BY_THEMSELVES:
            continue
        depth = max(depth - 1, 0) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


class _Reader(HTMLParser):
    """Writes lines. Linear, and without the Markdown that the libraries put into customers' words."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._line = ""
        self._quotes = 0
        self._verbatim = 0
        self._link: tuple[str, int] | None = None

    @property
    def text(self) -> str:
        """All lines, never more than one blank between two."""
        self._break()
        return _BLANKS.sub("\n\n", "\n".join(self._lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Lines begin with blocks."""
        if tag in _BLOCKS:
            self._break(blank=tag in _SPACED)
        match tag:
            case "br":
                self._break(always=True)
            case "blockquote":
                self._quotes += 1
            case "li":
                self._line = "- "
            case "pre":
                self._verbatim += 1
            case "td" | "th" if self._line:
                self._line += "  "
            case "a":
                self._link = (dict(attrs).get("href") or "", len(self._line))
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        """And end with them; a link whose words hide where it leads says it."""
        if tag == "a" and self._link is not None:
            target, since = self._link
            if target and target.removeprefix("mailto:") not in self._line[since:]:
                self._line += f" <{target}>"
            self._link = None
        if tag in _BLOCKS:
            self._break(blank=tag in _SPACED)
        if tag == "blockquote":
            self._quotes = max(self._quotes - 1, 0)
        if tag == "pre":
            self._verbatim = max(self._verbatim - 1, 0)

    def handle_data(self, data: str) -> None:
        """White space is one space, but where it was set on purpose."""
        if self._verbatim:
            first, *rest = data.split("\n")
            self._line += first
            for line in rest:
                self._break(always=True)
                self._line = line
            return
        words = _SPACES.sub(" ", data)
        self._line += words.lstrip(" ") if self._line.endswith((" ", "")) and not self._line.strip() else words

    def _break(self, *, always: bool = False, blank: bool = False) -> None:
        mark = ">" * min(self._quotes, 20) + " " if self._quotes else ""
        if self._line.strip() or always:
            self._lines.append(f"{mark}{self._line.rstrip()}".rstrip())
        if blank:
            self._lines.append(mark.rstrip())
        self._line = ""
        if self._link is not None:
            self._link = (self._link[0], 0)
