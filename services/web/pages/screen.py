"""Renders templates in the visitor's language: one environment a language, everything escaped. Under every page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from schemas.address import Kind
from services.access.identity import Identity
from services.access.policy import POLICY
from services.knowledge.markdown import to_html
from services.web import languages
from services.web.pages import words
from services.web.pages.browsers import browser
from services.web.pages.files import StaticFiles
from services.web.pages.preferences import Preferences

_TEMPLATES = Path(__file__).parent.parent / "templates"
NOTHING = "\N{EN DASH}"
_MINUTE = 60
_HOUR = 3600


class Screen:
    """What pages are rendered with. `default`: the language for who asks for none we have."""

    def __init__(self, default: str) -> None:
        self._default = default
        self._catalogs = languages.read_catalogs()

    def language(self, request: Request) -> str:
        """The language this request is answered in."""
        identity: Identity | None = request.scope.get("state", {}).get("identity")
        return languages.language_of(request, self._default, identity.language if identity else "")

    def render(
        self,
        request: Request,
        template: str,
        context: Mapping[str, object],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page, or a part of one."""
        language = self.language(request)
        identity: Identity | None = request.scope.get("state", {}).get("identity")
        environment = _environment(language)
        path: str = request.scope["path"]
        liked = Preferences.of(request)
        asked = request.query_params

        def may(rule: str) -> bool:
            """May whoever asks go there? So that nobody is shown a door that is locked, or not built."""
            allowed = POLICY.get(rule)
            return allowed is not None and (not allowed or (identity is not None and identity.role in allowed))

        html = environment.get_template(template).render(
            context,
            language=language,
            prefix=languages.prefix_of(request),
            path=path,
            query=_query_of_page(asked),
            identity=identity,
            may=may,
            theme=liked.theme,
            keys_off=liked.keys_off,
            toast=words.DONE.get(asked.get("done", ""), ""),
            undo=_uuid(asked.get("undo", "")),
        )
        shown = {"Content-Language": language, "Vary": "Accept-Language, Cookie", **(headers or {})}
        return HTMLResponse(html, status, shown)

    def say(self, request: Request, text: str) -> str:
        """One sentence in the visitor's language; `text` is a key of the catalogs."""
        return self._catalogs[self.language(request)].get(text, text)

    def say_in(self, language: str, text: str) -> str:
        """One sentence in somebody else's language, or ours for those we don't speak."""
        return self._catalogs.get(language, self._catalogs[self._default]).get(text, text)


@cache
def _environment(language: str) -> Environment:
    """One for all apps of a process, with the templates it has compiled: neither they nor the words ever change."""
    catalog = languages.read_catalogs()[language]
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    locale = languages.locale_of(language)

    def gettext(text: str) -> str:
        return catalog.get(text, text)

    def moment(at: datetime | str | None) -> Markup:
        if not at:
            return Markup("")
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        text = format_datetime(at, "d MMM y HH:mm", locale=locale)
        return Markup('<time datetime="{}">{} UTC</time>').format(at.isoformat(), text)

    def day(at: date) -> str:
        return format_date(at, "full", locale=locale)

    def number(value: float | None) -> str:
        return NOTHING if value is None else format_decimal(value, locale=locale)

    environment.install_gettext_callables(gettext, _no_plurals, newstyle=True)  # type: ignore[attr-defined]  # -- the i18n extension adds it
    known: dict[str, object] = {
        "static": StaticFiles().url,
        "words": words,
        "say": gettext,
        "LANGUAGES": languages.LANGUAGES,
        "TONGUES": languages.TONGUES,
    }
    environment.globals.update(known)  # pyright: ignore[reportArgumentType, reportCallIssue]  # -- Jinja types what it begins with, not what may be added
    environment.filters.update(
        moment=moment,
        day=day,
        number=number,
        duration=duration,
        handle=handle,
        browser=browser,
        initials=initials,
        markdown=_render_markdown,
    )
    return environment


def _render_markdown(text: str) -> Markup:
    return Markup(to_html(text))  # noqa: S704 -- it is safe HTML


def redirect(request: Request, path: str, **query: object) -> Response:
    """After a form was taken: see the page it leads to, in the same language."""
    wanted = {name: str(value) for name, value in query.items() if value is not None}
    address = languages.prefix_of(request) + path + (f"?{urlencode(wanted)}" if wanted else "")
    return RedirectResponse(address, status_code=303)


def duration(seconds: float | None) -> str:
    """How long, in at most two units."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    days, rest = divmod(whole, 24 * _HOUR)
    hours, rest = divmod(rest, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (left, "s")) if count]
    return " ".join(parts[:2]) or "0 s"


def handle(address: str) -> str:
    """An address as people write it; of what has none, enough to tell two apart; nothing of a hidden number."""
    kind, _, rest = address.partition(":")
    if kind == Kind.PHONE and not rest.startswith("+"):
        return ""
    return rest if kind in {Kind.EMAIL, Kind.PHONE} else rest[:8] or address


def initials(name: str) -> str:
    """One or two letters to know somebody by."""
    parts = name.replace(".", " ").replace("_", " ").split()
    return "".join(part[0] for part in parts[:2]) or "?"


def _query_of_page(asked: QueryParams) -> str:
    """What the page was asked for; not what was done just before it."""
    kept = [(name, value) for name, value in asked.multi_items() if name not in {"done", "undo", "min_position"}]
    return f"?{urlencode(kept)}" if kept else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _no_plurals(singular: str, plural: str, count: int) -> str:
    raise NotImplementedError(f"say {singular!r} / {plural!r} without counting words ({count})")
