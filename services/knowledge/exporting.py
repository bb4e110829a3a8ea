"""Articles as files that a browser reads without any server: a page each, an index a language, pictures and downloads.

Only what readers may be given, rendered as they get it, read some at a time. No script, nothing from elsewhere: a
policy in each page.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from uuid import UUID

from projections.articles import Article, FileRow, Outline
from schemas.facts.article import ArticleKind
from schemas.language import base_language
from services.knowledge import guide
from services.knowledge.markdown import to_html

_STYLE = """
:root{color-scheme:light dark;--ink:light-dark(#17202c,#e5e9f0);--muted:light-dark(#556172,#9ba7b7);
--line:light-dark(#dde2e9,#2a323e);--bg:light-dark(#fff,#11161d);--soft:light-dark(#f2f4f7,#1a212b);
--accent:light-dark(#0b637c,#62bfda)}
body{margin:0 auto;max-width:44rem;padding:2rem 1.2rem 4rem;background:var(--bg);color:var(--ink);
font:1.02rem/1.65 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--accent)}nav,footer{color:var(--muted);font-size:.92rem}h1{line-height:1.25;font-size:1.7rem}
h2{font-size:1.15rem;margin-top:2rem}nav a+a,.pages a+a{margin-left:.9rem}
img{max-width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
pre{background:var(--soft);padding:.8rem 1rem;border-radius:6px;overflow-x:auto}
blockquote{margin:1rem 0;padding-left:1rem;border-left:3px solid var(--line);color:var(--muted)}
table{border-collapse:collapse}td,th{border:1px solid var(--line);padding:.3rem .7rem;text-align:left}
ul.index{padding:0;list-style:none}ul.index li{padding:.35rem 0;border-top:1px solid var(--line)}
.files{background:var(--soft);border-radius:8px;padding:.8rem 1.2rem}.files code{font-size:.78rem;color:var(--muted)}
.pages{display:flex;justify-content:space-between;gap:1rem;border-top:1px solid var(--line)}
.pages{margin-top:2.5rem;padding-top:1rem}
"""
_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; base-uri 'none'; form-action 'none'; style-src 'sha256-"
    f"{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
_READ_AT_ONCE = 200
_ID = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_LINK = re.compile(rf'(href|src)="(?:/[a-z]{{2}})?/articles/{_ID}(?:/files/{_ID})?"')
_PICTURE = re.compile(r'<img\b[^>]*?\bsrc="([^"]*)"[^>]*>')
_STEP_BOX = re.compile(r"(<li>\s*(?:<p>)?)\[[ xX]\](?=\s)")
_ALT = re.compile(r'\balt="([^"]*)"')
_RUNS = frozenset((".html", ".htm", ".xhtml", ".xht", ".svg", ".xml", ".mht", ".mhtml", ".js", ".mjs", ".hta", ".url"))
"""Endings that a browser or a desktop would run when they are opened from a disk: they get another."""

_STEP = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
_WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {"index": "Artículos", "files": "Archivos", "other": "Otros", "read": "Leer en", "of": "Edición"},
    "en": {"index": "Articles", "files": "Files", "other": "Others", "read": "Read in", "of": "Edition"},
}
_TONGUES = {"es": "Español", "en": "English"}


@dataclass(frozen=True, slots=True)
class Written:
    """One file of the export: `data`, or the blob that holds it."""

    path: str
    data: bytes = b""
    blob: str = ""


@dataclass(frozen=True)
class Export:
    """What is written. `public_url`: where an article that is not among them can be read; `texts`: reads those."""

    articles: Sequence[Outline]
    files: Sequence[FileRow]
    public_url: str
    texts: Callable[[Sequence[UUID]], Sequence[Article]]
    _pages: dict[UUID, str] = field(init=False, default_factory=dict[UUID, str])
    _stored: dict[UUID, str] = field(init=False, default_factory=dict[UUID, str])
    _tellings: dict[UUID, list[Outline]] = field(init=False, default_factory=dict[UUID, list[Outline]])
    _beside: dict[UUID, list[FileRow]] = field(init=False, default_factory=dict[UUID, list[FileRow]])

    def __post_init__(self) -> None:
        self._pages.update({each.id: f"{_tongue(each)}/{_slug(each)}.html" for each in self.articles})
        self._stored.update({each.file: f"files/{each.file.hex}/{_safe(each.name)}" for each in self.files})
        for article in self.articles:  # by what it is a translation of
            self._tellings.setdefault(article.original or article.id, []).append(article)
        for file in self.files:
            self._beside.setdefault(file.article, []).append(file)

    @property
    def total(self) -> int:
        """How many files will be written, if nothing is retired meanwhile."""
        return len(self.articles) + len(self.files) + len(self._tongues()) + 1

    def written(self) -> Iterator[Written]:
        """All files, in the order in which they are best written: the indexes last."""
        for tongue in self._tongues():
            listed = sorted(
                (each for each in self.articles if _tongue(each) == tongue),
                key=lambda each: (each.category == "", each.category.casefold(), each.title.casefold(), each.id),
            )
            beside = zip((None, *listed[:-1]), (*listed[1:], None), strict=True)
            around = dict(zip((each.id for each in listed), beside, strict=True))
            for first in range(0, len(listed), _READ_AT_ONCE):
                for article in self.texts([each.id for each in listed[first : first + _READ_AT_ONCE]]):
                    yield Written(self._pages[article.id], self._page(article, around[article.id]).encode())
            yield Written(f"{tongue}/index.html", self._index(tongue, listed).encode())
        for each in self.files:
            yield Written(self._stored[each.file], blob=each.blob)
        yield Written("index.html", self._front().encode())

    def _tongues(self) -> list[str]:
        return sorted({_tongue(each) for each in self.articles})

    def _page(self, article: Article, around: tuple[Outline | None, Outline | None]) -> str:
        words = _words(_tongue(article))
        files = self._beside.get(article.id, [])
        others = [each for each in self._tellings[article.original or article.id] if each.id != article.id]
        trail = _STEP.join(escape(level) for level in article.category.split("/") if level)
        parts = [
            f'<nav><a href="index.html">{words["index"]}</a>{_STEP if trail else ""}{trail}</nav>',
            f"<h1>{escape(article.title)}</h1>",
            self._local(self._read(article)),
        ]
        if files:
            rows = "".join(
                f'<li><a href="../{self._stored[each.file]}" download>{escape(each.name)}</a> {escape(each.release)}'
                f" · {each.bytes} B<br><code>SHA-256 {each.sha256}</code></li>"
                for each in files
            )
            parts.append(f'<section class="files"><h2>{words["files"]}</h2><ul>{rows}</ul></section>')
        if others:
            links = " ".join(
                f'<a href="../{self._pages[each.id]}" lang="{escape(each.language)}">{_named(_tongue(each))}</a>'
                for each in others
            )
            parts.append(f"<p>{words['read']} {links}</p>")
        marks = zip(("←", "→"), around, strict=True)
        pages = [
            f'<a href="../{self._pages[each.id]}">{mark} {escape(each.title)}</a>' if each else "<span></span>"
            for mark, each in marks
        ]
        changed = (article.revised_at or article.published_at).date().isoformat()
        parts.append(f'<div class="pages">{"".join(pages)}</div>')
        parts.append(f"<footer><p>{words['of']} {article.edition} · {changed}</p></footer>")
        return _document(article.title, article.language, "\n".join(parts))

    def _read(self, article: Article) -> str:
        """Its text as its kind is read: a guide's questions all on the page, its answers links to them."""
        if article.kind != ArticleKind.GUIDE:
            html = to_html(article.body)
            return _STEP_BOX.sub("\\1☐", html) if article.kind == ArticleKind.CHECKLIST else html
        asks, _ = guide.read(article.body)
        parts = [to_html(asks.opening)]
        for each in asks.questions:
            answers = "".join(
                f'<li><a href="{escape(self._leads(article, answer))}">{escape(answer.words)}</a></li>'
                for answer in each.answers
            )
            parts.append(f'<h2 id="q-{each.name}">{escape(each.words)}</h2>{to_html(each.text)}<ul>{answers}</ul>')
        return "\n".join(parts)

    def _leads(self, article: Article, answer: guide.Answer) -> str:
        if answer.to:
            return f"#q-{answer.to}"
        return f"/articles/{answer.article}" if answer.article else f"{self.public_url}/contact?guide={article.id}"

    def _index(self, tongue: str, listed: Sequence[Outline]) -> str:
        words = _words(tongue)
        shelves: dict[str, list[Outline]] = {}
        for each in listed:
            shelves.setdefault(each.category, []).append(each)
        parts = [self._switch(tongue), f"<h1>{words['index']}</h1>"]
        for shelf, articles in shelves.items():
            items = "".join(
                f'<li><a href="../{self._pages[each.id]}">{escape(each.title)}</a></li>' for each in articles
            )
            named = escape(shelf.replace("/", _STEP)) if shelf else words["other"]
            parts.append(f'<h2>{named}</h2><ul class="index">{items}</ul>')
        return _document(words["index"], tongue, "\n".join(parts))

    def _switch(self, here: str) -> str:
        links = " ".join(
            f'<a href="../{each}/index.html" lang="{each}">{_named(each)}</a>'
            for each in self._tongues()
            if each != here
        )
        return f"<nav>{links}</nav>"

    def _front(self) -> str:
        items = "".join(
            f'<li><a href="{each}/index.html" lang="{each}">{_named(each)}</a></li>' for each in self._tongues()
        )
        return _document("Cauce", "en", f'<h1>Cauce</h1><ul class="index">{items}</ul>')

    def _local(self, html: str) -> str:
        """What lies in the export is linked there; a picture from elsewhere is only a link, of a lost one its words."""

        def local(found: re.Match[str]) -> str:
            attribute, article, file = found[1], UUID(found[2]), found[3]
            to = self._stored.get(UUID(file)) if file else self._pages.get(article)
            away = f"{self.public_url}/articles/{article}{f'/files/{file}' if file else ''}"
            return f'{attribute}="{f"../{to}" if to else escape(away)}"'

        def here(found: re.Match[str]) -> str:
            alt = _ALT.search(found[0])
            words = alt[1] if alt else ""
            if found[1].startswith("../files/"):
                return found[0]
            return f'<a href="{found[1]}">{words or found[1]}</a>' if found[1].startswith("http") else words

        return _PICTURE.sub(here, _LINK.sub(local, html))


def _document(title: str, language: str, inside: str) -> str:
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{inside}\n</body></html>\n"
    )


def _tongue(article: Article | Outline) -> str:
    tongue = base_language(article.language)
    return tongue if tongue.isascii() and tongue.isalpha() else "other"


def _named(tongue: str) -> str:
    return _TONGUES.get(tongue, tongue.upper())


def _words(tongue: str) -> Mapping[str, str]:
    return _WORDS.get(tongue, _WORDS["en"])


def _slug(article: Outline) -> str:
    plain = unicodedata.normalize("NFKD", article.title.casefold()).encode("ascii", "ignore").decode()
    return f"{'-'.join(re.findall(r'[a-z0-9]+', plain))[:60].strip('-') or 'a'}-{article.id.hex[:8]}"


def _safe(name: str) -> str:
    """A name every file system takes, that nothing runs."""
    plain = re.sub(r"[^\w.-]+|\.{2,}", "-", unicodedata.normalize("NFC", name))[-120:].strip(".-") or "file"
    ending = plain[plain.rfind(".") :].casefold() if "." in plain else ""
    return f"{plain}.txt" if ending in _RUNS else plain
