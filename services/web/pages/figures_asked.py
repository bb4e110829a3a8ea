"""What the pages of knowledge figures are asked for: a period and filters, and links that keep them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from channels.text import one_line
from projections.knowledge_usage import Asked
from projections.report import zone_of
from services.web.api.reports import period
from services.web.pages.report_page import day_of

_TEXT = Query(max_length=200)


@dataclass(frozen=True)
class OnPage:
    """As the page's form says it."""

    since: Annotated[str, Query(max_length=10)] = ""
    until: Annotated[str, Query(max_length=10)] = ""
    tz: Annotated[str, Query(max_length=64)] = "UTC"
    surface: Annotated[str, _TEXT] = ""
    language: Annotated[str, _TEXT] = ""
    product: Annotated[str, _TEXT] = ""

    def asked(self) -> Asked:
        """Whole days of the asked time zone. Raises InvalidError."""
        now = datetime.now(zone_of(self.tz))
        since, until = period(day_of(self.since, "since"), day_of(self.until, "until"), now)
        surface, language, product = map(one_line, (self.surface, self.language, self.product))
        return Asked(since, until, surface, language, product, self.tz)


def before(asked: Asked) -> Asked:
    """The same over the period just before, of as many days."""
    since, until = asked.by_clocks
    first = since.date() - (until.date() - since.date())  # not by hours: a day may begin at one o'clock
    return replace(asked, since=datetime.combine(first, time(), since.tzinfo).astimezone(UTC), until=asked.since)


def days_of(asked: Asked) -> dict[str, str]:
    """The period as the form says it."""
    return {name: f"{at:%Y-%m-%d}" for name, at in zip(("since", "until"), asked.by_clocks, strict=True)}


def query_of(asked: Asked, **more: object) -> str:
    """The query of a link to the same period and filters."""
    kept = {
        **days_of(asked),
        "tz": asked.tz if asked.tz != "UTC" else "",
        "surface": asked.surface,
        "language": asked.language,
        "product": asked.product,
        **more,
    }
    return "?" + urlencode({name: str(value) for name, value in kept.items() if value})
