"""Sites with a chat widget: which pages may frame it, in which language and colour. Owns `widget_sites`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from channels.text import one_line
from eventstore.database import Connection
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.widget import WidgetChanged, WidgetCreated, WidgetRemoved, widget_id
from services.access.desk import AccessDesk

COLOUR = "#0b637c"
LANGUAGES = ("", "es", "en")
_NAME_MAX = 60
_ORIGINS_MAX = 20
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?|\[[0-9a-f:]+\](:[0-9]{1,5})?")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_CONTRAST_MIN = 4.5


@dataclass(frozen=True, slots=True)
class Site:
    """`key` stands in the page's script tag, for all to see. `language` empty: the visitor's."""

    key: str
    name: str
    origins: tuple[str, ...]
    language: str
    colour: str
    created_at: datetime


def create(desk: AccessDesk, name: str, origins: Collection[str], *, language: str = "", colour: str = COLOUR) -> Site:
    """A new site. Raises InvalidError."""
    key = secrets.token_urlsafe(9).replace("-", "a").replace("_", "b")
    values = _checked(name, origins, language, colour)
    desk.connection.execute(
        "INSERT INTO widget_sites (key, name, origins, language, colour) VALUES (%s, %s, %s, %s, %s)", (key, *values)
    )
    return _recorded(desk, WidgetCreated, get(desk.connection, key))


def change(desk: AccessDesk, key: str, name: str, origins: Collection[str], *, language: str, colour: str) -> Site:
    """All of it anew. Raises InvalidError, NotFoundError."""
    before = get(desk.connection, key)
    desk.connection.execute(
        "UPDATE widget_sites SET name = %s, origins = %s, language = %s, colour = %s WHERE key = %s",
        (*_checked(name, origins, language, colour), key),
    )
    after = get(desk.connection, key)
    return after if after == before else _recorded(desk, WidgetChanged, after)


def remove(desk: AccessDesk, key: str) -> None:
    """Its frame is served no more. Raises NotFoundError."""
    site = get(desk.connection, key)
    desk.connection.execute("UPDATE widget_sites SET removed_at = now() WHERE key = %s", (key,))
    desk.record(WidgetRemoved(widget=widget_id(key), key=key, name=site.name, by=desk.by, at=desk.now))


def get(connection: Connection, key: str) -> Site:
    """Raises NotFoundError; what was removed isn't there."""
    found = [site for site in every(connection) if site.key == key]
    if not found:
        raise NotFoundError("no such widget")
    return found[0]


def every(connection: Connection) -> list[Site]:
    """All that were not removed, by name."""
    rows: Sequence[tuple[str, str, list[str], str, str, datetime]] = connection.execute(
        "SELECT key, name, origins, language, colour, created_at FROM widget_sites WHERE removed_at IS NULL"
        " ORDER BY lower(name), key"
    ).fetchall()
    return [Site(key, name, tuple(origins), language, colour, at) for key, name, origins, language, colour, at in rows]


def snippet(site: Site, public_url: str) -> str:
    """What goes into the page."""
    return f'<script src="{public_url}/widget.js" data-site="{site.key}" data-colour="{site.colour}" async></script>'


def _recorded(desk: AccessDesk, kind: type[WidgetCreated | WidgetChanged], site: Site) -> Site:
    desk.record(
        kind(
            widget=widget_id(site.key),
            key=site.key,
            name=site.name,
            origins=site.origins,
            language=site.language,
            colour=site.colour,
            by=desk.by,
            at=desk.now,
        )
    )
    return site


def _checked(name: str, origins: Collection[str], language: str, colour: str) -> tuple[str, list[str], str, str]:
    shown = one_line(name)
    if not shown or len(shown) > _NAME_MAX:
        raise InvalidError(f"1 to {_NAME_MAX} characters", field="name")
    if language not in LANGUAGES:
        raise InvalidError("es, en, or empty for the visitor's own", field="language")
    wanted = [_origin(origin) for origin in dict.fromkeys(origins) if origin.strip()]
    if not wanted or len(wanted) > _ORIGINS_MAX:
        raise InvalidError(f"1 to {_ORIGINS_MAX} origins like https://www.example.com", field="origins")
    return shown, wanted, language, _readable(colour.strip().lower())


def _origin(text: str) -> str:
    parts = urlsplit(text.strip().lower().rstrip("/"))
    if parts.scheme not in {"https", "http"} or parts.path or parts.query or parts.fragment:
        raise InvalidError(f"{text.strip()!r} is no origin like https://www.example.com", field="origins")
    if _HOST.fullmatch(parts.netloc) is None:  # it ends up in a header
        raise InvalidError(f"{text.strip()!r} is no origin like https://www.example.com", field="origins")
    return f"{parts.scheme}://{parts.netloc}"


def _readable(colour: str) -> str:
    """White words stand on it. WCAG 2.2, 1.4.3."""
    if _COLOUR.fullmatch(colour) is None:
        raise InvalidError("a colour like #0b637c", field="colour")
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)  # noqa: PLR2004 -- sRGB
    contrast = 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    if contrast < _CONTRAST_MIN:
        raise InvalidError("too light: white words can't be read on it", field="colour")
    return colour
