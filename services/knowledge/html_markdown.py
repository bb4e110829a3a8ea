"""HTML of elsewhere as Markdown: what cannot be said in it is left out. Pure; no script or style comes through.

It is cleaned before it is read, and what is written of it is cleaned again when it is shown (markdown.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("a", "img", "em", "i", "strong", "b", "del", "s", "table", "thead", "tbody", "tr", "th", "td"),
}
_SILENT = {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math", "form"}
_MARKS = {"em": "*", "i": "*", "strong": "**", "b": "**", "del": "~~", "s": "~~"}
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>#|~])")
_SPACES = re.compile(r"\s+")
_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Read:
    """What a page says. `language`: as it says of itself; `title`: its first heading, or its own."""

    title: str
    body: str
    language: str


def read(html: str) -> Read:
    """The page as Markdown."""
    page = _Page()
    page.feed(html)
    page.close()
    writer = _Writer()
    writer.feed(nh3.clean(html, tags=_TAGS, clean_content_tags=_SILENT, url_schemes={"http", "https", "mailto"}))
    writer.close()
    return Read(writer.heading or " ".join(page.title.split()), writer.text(), page.language)


class _Page(HTMLParser):
    """What stands around the words."""

    def __init__(self) -> None:
        super().__init__()
        self.title = self.language = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""
        self._in_title = tag == "title"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 -- the parser tells which
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


@dataclass
class _List:
    """One that is open. `number`: of the next item; None: it has none."""

    number: int | None


@dataclass
class _Writer(HTMLParser):
    """Writes blocks with a blank line between; the first heading of the highest sort is the title, not in the text."""

    heading: str = ""
    _blocks: list[str] = field(default_factory=list[str])
    _line: str = ""
    _lists: list[_List] = field(default_factory=list[_List])
    _links: list[str] = field(default_factory=list[str])
    _quotes: int = 0
    _raw: bool = False
    _row: list[str] | None = None
    _rows: int = 0
    _begins: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def text(self) -> str:
        """All blocks."""
        self._end()
        return _BLANKS.sub("\n\n", "".join(self._blocks)).strip("\n") + "\n" if self._blocks else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: C901 -- a tag a case
        said = {name: value or "" for name, value in attrs}
        match tag:
            case "br":
                self._line = self._line.rstrip(" ") + ("\n" if self._raw else "\\\n" if self._line.strip() else "")
            case "hr":
                self._end()
                self._put("---")
            case "ul" | "ol":
                self._end()
                self._lists.append(_List(1 if tag == "ol" else None))
            case "li":
                self._end()
                self._begins = self._bullet()
            case "blockquote":
                self._end()
                self._quotes += 1
            case "pre":
                self._end()
                self._raw = True
            case "code" if not self._raw:
                self._line += "`"
            case "a":
                self._links.append(said.get("href", ""))
                self._line += "[" if self._links[-1] else ""
            case "img" if said.get("src"):
                self._line += f"![{_quiet(said.get('alt', ''))}]({_address(said['src'])})"
            case "tr":
                self._end()
                self._row = []
            case "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._end()
            case _:
                self._line += _MARKS.get(tag, "")

    def handle_endtag(self, tag: str) -> None:  # noqa: C901 -- a tag a case
        match tag:
            case "ul" | "ol":
                self._end()
                self._lists = self._lists[:-1]
                if not self._lists:
                    self._put("")
            case "blockquote":
                self._end()
                self._quotes = max(0, self._quotes - 1)
            case "pre":
                self._fenced()
            case "code" if not self._raw:
                self._line += "`"
            case "a" if self._links:
                link = self._links.pop()
                self._line += f"]({_address(link)})" if link else ""
            case "td" | "th" if self._row is not None:
                self._row.append(" ".join(self._line.replace("\\\n", " ").split()))
                self._line = ""
            case "tr" if self._row is not None:
                self._table_row(self._row)
            case "table":
                self._rows = 0
                self._put("")
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._headed(tag)
            case "p" | "li":
                self._end()
            case _:
                self._line += _MARKS.get(tag, "")

    def handle_data(self, data: str) -> None:
        if self._raw:
            self._line += data
        else:
            words = _quiet(_SPACES.sub(" ", data))
            self._line += words.lstrip() if not self._line or self._line.endswith((" ", "\n")) else words

    def _bullet(self) -> str:
        if not self._lists:
            return "- "
        depth, last = len(self._lists) - 1, self._lists[-1]
        if last.number is None:
            return "    " * depth + "- "
        last.number += 1
        return "    " * depth + f"{last.number - 1}. "

    def _end(self) -> None:
        """The line is a block of its own, or an item."""
        line, self._line = self._line.strip(), ""
        if line:
            begins, self._begins = self._begins, ""
            inner = "    " * len(self._lists) if self._lists and not begins else ""
            self._put(begins + inner + line, tight=bool(begins))

    def _put(self, block: str, *, tight: bool = False) -> None:
        mark = "> " * self._quotes
        self._blocks.append("\n".join(mark + line for line in block.split("\n")) + ("\n" if tight else "\n\n"))

    def _headed(self, tag: str) -> None:
        line = " ".join(self._line.split())
        self._line = ""
        if tag == "h1" and not self.heading:
            self.heading = _loud(line)
        elif line:
            self._put(f"{_HEADINGS[tag]} {line}")

    def _fenced(self) -> None:
        code, self._line, self._raw = self._line.strip("\n"), "", False
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", code)), default=0))
        self._put(f"{fence}\n{code}\n{fence}")

    def _table_row(self, row: list[str]) -> None:
        self._row = None
        self._rows += 1
        self._put(f"| {' | '.join(row)} |", tight=True)
        if self._rows == 1:
            self._put(f"|{'---|' * len(row)}", tight=True)


def _quiet(text: str) -> str:
    """Words that mean nothing in Markdown."""
    return _MEANS_SOMETHING.sub(r"\\\1", text)


def _loud(text: str) -> str:
    """As it is read, without its marks."""
    text = re.sub(r"(?<!\\)[*~`]+", "", text)
    return re.sub(r"\\([\\`*_\[\]<>#|~])", r"\1", text)


def _address(url: str) -> str:
    return f"<{url}>" if re.search(r"[\s()]", url) else url
