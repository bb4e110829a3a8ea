"""Sanitized HTML made into text: links by their address, lists by dashes, quotes by `>`. Linear. Below bodies.py."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from channels.email.words import html_marks
from channels.email.words.links import as_known
from channels.text import clean

TEXT_FROM_MAX_CHARACTERS = 96 * 1024

_SPACED = frozenset(("p", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _SPACED | {"div", "tr", "li", "hr", "dl", "dt", "dd", "article", "section", "header", "footer", "center"}
_MARKED = ("class", "id", "data-marker")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANKS = re.compile(r"\n{3,}")
_HISTORY_LINE = "-----Original Message-----"  # as their programs write it in plain text
_SIGNATURE_LINE = "-- "


def text_of_html(safe: str) -> str:
    """Readable text."""
    reader = _Reader()
    reader.feed(safe[:TEXT_FROM_MAX_CHARACTERS])
    reader.close()
    return clean(reader.text)


class _Reader(HTMLParser):
    """Writes lines. Without the Markdown that the libraries put into customers' words."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._line = ""
        self._quotes = 0
        self._verbatim = 0
        self._link: tuple[str, int] | None = None
        self._open: list[tuple[str, bool]] = []  # marked elements and those in them: is it a quote?

    @property
    def text(self) -> str:
        """All lines, never more than one blank between two."""
        self._break()
        return _BLANKS.sub("\n\n", "\n".join(self._lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Lines begin with blocks."""
        if tag in _BLOCKS:
            self._break(blank=tag in _SPACED)
        self._marked(tag, attrs)
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
                self._line += f" <{as_known(target)}>"
            self._link = None
        if tag in _BLOCKS:
            self._break(blank=tag in _SPACED)
        if tag == "blockquote":
            self._quotes = max(self._quotes - 1, 0)
        if tag == "pre":
            self._verbatim = max(self._verbatim - 1, 0)
        self._unmarked(tag)

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

    def _marked(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        mark = next((value for name, value in attrs if name in _MARKED), None)
        quotes = mark == html_marks.QUOTED and tag != "blockquote"
        if tag != "hr" and (quotes or any(name == tag for name, _ in self._open)):
            self._open.append((tag, quotes))
            self._quotes += quotes
        if mark == html_marks.HISTORY:
            self._announce(_HISTORY_LINE)
        elif mark == html_marks.SIGNATURE:
            self._announce(_SIGNATURE_LINE)

    def _unmarked(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._quotes -= self._open.pop()[1]

    def _announce(self, line: str) -> None:
        self._break()
        last = next((each for each in reversed(self._lines[-4:]) if each.strip()), "")
        if last != line:
            self._lines.append(line)

    def _break(self, *, always: bool = False, blank: bool = False) -> None:
        mark = ">" * min(self._quotes, 20) + " " if self._quotes else ""
        if self._line.strip() or always:
            self._lines.append(f"{mark}{self._line.rstrip()}".rstrip())
        if blank:
            self._lines.append(mark.rstrip())
        self._line = ""
        if self._link is not None:
            self._link = (self._link[0], 0)
