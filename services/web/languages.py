"""Which language a page speaks: `/es/…` and `/en/…` say it, else Accept-Language, else CAUCE_LOCALE."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.core import Locale, negotiate_locale
from babel.messages.pofile import read_po
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

LANGUAGES = ("es", "en")
TONGUES = {"es": "Español", "en": "English"}  # each in its own words
_FOLDER = Path(__file__).parent / "locales"

Catalog = Mapping[str, str]


def read_catalogs() -> dict[str, Catalog]:
    """Language → English words on the screen → words in that language. A file an area; no word stands in two."""
    return {language: _read(language) for language in LANGUAGES}


@cache
def _read(language: str) -> Catalog:
    words: dict[str, str] = {}
    for path in sorted((_FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
        found = {str(message.id): str(message.string) for message in catalog if message.id and message.string}
        if twice := words.keys() & found.keys():
            raise ValueError(f"{path}: said elsewhere already: {', '.join(sorted(twice))}")
        words |= found
    return words


class LanguagePrefix:
    """Takes `/es` or `/en` off a page's path and keeps it for the links of that page. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            path: str = scope["path"]
            if path[1:3] in LANGUAGES and path[3:4] in {"", "/"} and not path.startswith("/api/", 3):
                scope = {**scope, "path": path[3:] or "/", "raw_path": scope.get("raw_path", b"")[3:] or b"/"}
                scope["state"] = {**scope.get("state", {}), "language": path[1:3]}
        await self._app(scope, receive, send)


def language_of(connection: HTTPConnection, default: str, chosen: str = "") -> str:
    """The language to answer in. `chosen`: what who is signed in wants where the address says nothing."""
    said: str | None = connection.scope.get("state", {}).get("language") or chosen
    if said:
        return said
    wished = _preferences(connection.headers.get("accept-language", ""))
    return negotiate_locale(wished, LANGUAGES, sep="-") or default


def prefix_of(connection: HTTPConnection) -> str:
    """`/es`, `/en`, or nothing: what the links of this page begin with."""
    said: str | None = connection.scope.get("state", {}).get("language")
    return f"/{said}" if said else ""


def locale_of(language: str) -> Locale:
    """For dates and numbers."""
    return Locale.parse(language)


def _preferences(header: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            weighed.append((-weight, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda found: found[0])]
