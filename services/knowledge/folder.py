"""A folder of Markdown and HTML as articles: what each file says of itself, in its front matter or by where it lies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from channels.email.words.html_cost import is_costly
from channels.text import clean
from schemas.errors import InvalidError
from schemas.facts.article import ArticleKind, Audience
from services.knowledge import html_markdown
from services.knowledge.articles import TITLE_MAX_CHARACTERS
from services.knowledge.shelving import CATEGORY_LEVELS_MAX
from services.knowledge.state import Filing

SUFFIXES = frozenset({".md", ".markdown", ".html", ".htm"})
SOURCE_MAX_BYTES = 1024 * 1024
_HTML = frozenset({".html", ".htm"})
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"\A\s*# +(\S.*)\n?")
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Za-z]{2})?")
_LINK = re.compile(r"(\]\()(<[^>\n]*>|[^\s)]+)")
_LISTED_MAX = 200

T = TypeVar("T", ArticleKind, Audience)


@dataclass(frozen=True, slots=True)
class Source:
    """One file as an article. `place`: its path in the folder; `beside`: how it names files there → where they lie."""

    place: str
    title: str
    body: str
    language: str
    filing: Filing
    beside: Mapping[str, Path] = field(default_factory=dict[str, Path])


def sources(folder: Path) -> list[Path]:
    """The files that are articles, in their order; hidden ones are not."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path for path in found if not _hidden(path, folder))


def read(path: Path, folder: Path, *, language: str) -> Source:
    """`language`: where nothing says. Raises InvalidError for what can be no article."""
    if not _inside(path, folder):
        raise InvalidError("it leads out of the folder")
    written = content(path, SOURCE_MAX_BYTES).decode("utf-8-sig", errors="replace")
    said, text = _front_matter(clean(written).replace("\r\n", "\n"))
    tongue, shelf = _by_place(Path(place_of(path, folder)))
    if path.suffix.lower() in _HTML:
        if is_costly(text):
            raise InvalidError("it is nested or crowded beyond reason")
        page = html_markdown.read(text)
        heading, body, tongue = page.title, page.body, tongue or page.language
    else:
        heading, body = _without_heading(text)
    title = _one(said, "title") or heading or path.stem.replace("-", " ").replace("_", " ")
    return Source(
        place=place_of(path, folder),
        title=" ".join(title.split())[:TITLE_MAX_CHARACTERS],
        body=body.strip("\n") + "\n",
        language=_one(said, "language") or _one(said, "lang") or tongue or language,
        filing=Filing(
            kind=_choice(ArticleKind, _one(said, "kind"), ArticleKind.HOW_TO, "kind"),
            category=_one(said, "category") or shelf,
            labels=tuple(said.get("labels", said.get("tags", ()))),
            products=tuple(said.get("products", ())),
            versions=tuple(said.get("versions", ())),
            audience=_choice(Audience, _one(said, "audience"), Audience.PUBLIC, "audience"),
        ),
        beside=dict(_beside(body, path, folder)),
    )


def place_of(path: Path, folder: Path) -> str:
    """Its path in the folder, as far as it is text: a name may be any bytes."""
    return path.relative_to(folder).as_posix().encode(errors="replace").decode()


def content(path: Path, most: int) -> bytes:
    """What stands in a file. Raises InvalidError for one that can't be read or has more bytes."""
    try:
        if path.stat().st_size > most:
            raise InvalidError(f"{path.name} is larger than {most} bytes")
        return path.read_bytes()
    except OSError as error:
        raise InvalidError(f"{path.name} can't be read: {error.strerror}") from error


def with_links(body: str, addresses: Mapping[str, str]) -> str:
    """The text with what it names beside it at its address here."""

    def changed(found: re.Match[str]) -> str:
        return found[1] + addresses.get(found[2].strip("<>"), found[2])

    return _LINK.sub(changed, body)


def _front_matter(text: str) -> tuple[dict[str, list[str]], str]:
    """`key: value`, `key: [a, b]`, or a key with a list of `- value` below it: no more of YAML than that."""
    front = _FRONT.match(text)
    if front is None:
        return {}, text
    said: dict[str, list[str]] = {}
    key = ""
    for line in front[1].splitlines()[:_LISTED_MAX]:
        if key and line.strip().startswith("- "):
            said[key].append(_bare(line.strip()[2:]))
            continue
        name, colon, value = line.partition(":")
        if colon and name.strip() and not name.startswith((" ", "#")):
            key = name.strip().casefold()
            said[key] = [word for each in _values(key, value.strip()) if (word := _bare(each))]
    return said, text[front.end() :]


def _values(key: str, value: str) -> Sequence[str]:
    if value.startswith("[") and value.endswith("]"):
        return value[1:-1].split(",")
    return value.split(",") if key in {"labels", "tags", "products", "versions"} else [value]


def _bare(word: str) -> str:
    return word.strip().strip("\"'").strip()


def _one(said: Mapping[str, Sequence[str]], key: str) -> str:
    return " ".join(said.get(key, ()))


def _choice(kind: type[T], said: str, usual: T, field: str) -> T:
    if not said:
        return usual
    try:
        return kind(said.casefold().replace("-", "_").replace(" ", "_"))
    except ValueError as error:
        raise InvalidError(f"{field} is one of {', '.join(kind)}", field=field) from error


def _by_place(place: Path) -> tuple[str, str]:
    """A language by a folder `es/` or a name `x.es.md`, and a category by the other folders."""
    folders = list(place.parent.parts)
    ends = Path(place.stem).suffix.removeprefix(".")
    language = ends if _LANGUAGE.fullmatch(ends) else ""
    if folders and _LANGUAGE.fullmatch(folders[0]):
        language = language or folders[0]
        folders = folders[1:]
    return language, "/".join(each.replace("-", " ").replace("_", " ") for each in folders[:CATEGORY_LEVELS_MAX])


def common_place(place: Path) -> str:
    """What the places of one article in several languages have in common."""
    parts = place.parts
    folders = parts[1:-1] if len(parts) > 1 and _LANGUAGE.fullmatch(parts[0]) else parts[:-1]
    stem = Path(place.stem)
    named = stem.stem if _LANGUAGE.fullmatch(stem.suffix.removeprefix(".")) else place.stem
    return "/".join((*folders, named))


def _without_heading(text: str) -> tuple[str, str]:
    """A text that begins with a heading is called so."""
    heading = _HEADING.match(text)
    return (heading[1].rstrip(" #"), text[heading.end() :]) if heading else ("", text)


def _beside(body: str, path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for _, given in _LINK.findall(body):
        said = str(given).strip("<>")
        try:
            parts = urlsplit(said)
            if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
                continue
            lies = (path.parent / unquote(parts.path)).resolve()
            there = _inside(lies, folder) and not _hidden(lies, folder.resolve()) and lies.is_file()
        except (OSError, ValueError):  # no address, a name too long, or none at all
            continue
        if there:
            yield said, lies


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _inside(path: Path, folder: Path) -> bool:
    """Links followed: nothing of elsewhere is read."""
    return path.resolve().is_relative_to(folder.resolve())
