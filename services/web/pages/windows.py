"""The windows of a call-me-back to choose from, by day, as a form shows and sends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date

from channels.opening_hours import OpeningHours
from schemas.errors import InvalidError
from schemas.interaction import Window
from services.web import languages

_DAYS = 9
_SEPARATOR = "/"  # of an ISO 8601 interval


def days(hours: OpeningHours, zone: ZoneInfo, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The windows by day, as read in this zone: (what is sent, what is shown)."""
    locale = languages.locale_of(language)

    def day(window: Window) -> str:
        return format_date(window.since.astimezone(zone), "EEEE d MMMM", locale=locale)

    slots = hours.slots(datetime.now(UTC), _DAYS)
    return [(name, [_choice(window, zone) for window in windows]) for name, windows in groupby(slots, day)]


def chosen(fields: Mapping[str, str]) -> tuple[str, str]:
    """From when to when, as it was sent. Raises InvalidError."""
    since, _, until = fields.get("window", "").partition(_SEPARATOR)
    if not until:
        raise InvalidError("choose one", field="window")
    return since, until


def _choice(window: Window, zone: ZoneInfo) -> tuple[str, str]:
    since, until = (moment.astimezone(zone) for moment in (window.since, window.until))
    value = _SEPARATOR.join(moment.strftime("%Y-%m-%dT%H:%MZ") for moment in (window.since, window.until))
    return value, f"{since:%H:%M} - {until:%H:%M}"
