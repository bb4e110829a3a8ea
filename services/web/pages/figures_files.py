"""The knowledge figures as files: each table as CSV, the two charts as SVG."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from babel.dates import format_date
from fastapi import Request
from starlette.responses import Response

from eventstore.database import Connection
from projections import knowledge_usage as usage
from projections.knowledge_usage import Alarm, ArticleFigures, Asked, Day, Figures, Order, WordFigures
from projections.report import as_of
from schemas.errors import NotFoundError
from services.web.channel_shift import Part, channel_shift
from services.web.charts import SVG_HEADERS, Figure
from services.web.csv_table import csv_response
from services.web.languages import LANGUAGES, locale_of
from services.web.pages.figures_asked import days_of
from services.web.pages.knowledge_figures import Period, Word
from services.web.pages.screen import Screen
from services.web.pages.usage_words import CHART, SERIES
from services.web.pages.words import CHANNEL
from services.web.parts import Parts
from services.web.routing import Router

_ROWS_MAX = 20_000

Rows = Sequence[msgspec.Struct]
Tables = Mapping[str, tuple[type[msgspec.Struct], Callable[[Connection, Asked], Rows]]]

_TABLES: Tables = {
    "figures": (Figures, lambda connection, asked: [usage.figures(connection, asked)]),
    "days": (Day, usage.by_day),
    "phrases": (WordFigures, lambda connection, asked: usage.by_phrase(connection, asked, limit=_ROWS_MAX)),
    "words": (WordFigures, lambda connection, asked: usage.by_word(connection, asked, limit=_ROWS_MAX)),
    "nothing": (WordFigures, lambda connection, asked: usage.by_phrase(connection, asked, zero=True, limit=_ROWS_MAX)),
    "shift": (Part, lambda connection, asked: channel_shift(connection, asked).parts),
    "alarms": (Alarm, lambda connection, _: usage.alarms(connection, datetime.now(UTC))),
}


def router(parts: Parts, screen: Screen) -> Router:
    """Files beside the pages."""
    routes = Router(include_in_schema=False)
    run = parts.hub.database.run

    @routes.get("/knowledge/figures/{table}.csv")
    async def table(table: str, on_page: Period, order: Word = "") -> Response:
        asked = on_page.asked()
        if table == "articles":
            chosen = Order(order) if order in set(Order) else Order.VIEWS
            kind: type[msgspec.Struct] = ArticleFigures
            found: Rows = await run(usage.by_article, asked, order=chosen, languages=LANGUAGES, limit=_ROWS_MAX)
        elif table in _TABLES:
            kind, read = _TABLES[table]
            found = await run(read, asked)
        else:
            raise NotFoundError("no such table")
        return csv_response(
            f"knowledge_{table}", kind.__struct_fields__, [msgspec.structs.asdict(row) for row in found]
        )

    @routes.get("/knowledge/figures/{chart}.svg")
    async def chart(request: Request, chart: str, on_page: Period, theme: str = "") -> Response:
        asked, language = on_page.asked(), screen.language(request)
        labels = {name: screen.say(request, word) for name, word in {**SERIES, **CHANNEL}.items()}
        if chart not in CHART:
            raise NotFoundError("no such chart")
        title, dark = screen.say(request, CHART[chart]), theme == "dark"
        if chart == "days":
            position, rows = await run(_days, asked)
            days = days_of(asked)
            drawn = Figure("day", "visits", title, "series", labels, (days["since"], days["until"]), language, dark)
        else:
            position, rows, target = await run(_shift, asked, language)
            drawn = Figure("label", "contacts", title, "series", labels, None, language, dark, target)
        svg = await parts.charts.svg((chart, position, asked, drawn.target, dark, language), drawn, rows)
        return Response(svg, media_type="image/svg+xml", headers=SVG_HEADERS)

    return routes


def _days(connection: Connection, asked: Asked) -> tuple[int, list[dict[str, Any]]]:
    rows = [
        {"day": f"{day.day}", "series": series, "visits": count}
        for day in usage.by_day(connection, asked)
        for series, count in (("self_service", day.solved), ("unanswered", day.unanswered), ("contacted", day.contacts))
    ]
    return as_of(connection, "knowledge_usage"), rows


def _shift(connection: Connection, asked: Asked, language: str) -> tuple[int, list[dict[str, Any]], float]:
    found = channel_shift(connection, asked)
    pattern = "MMM y" if found.grain == "month" else "d MMM"
    rows = [
        {
            "label": format_date(part.since, pattern, locale=locale_of(language)),
            "series": part.channel,
            "contacts": part.contacts,
        }
        for part in found.parts
    ]
    return as_of(connection, "knowledge_usage"), rows, found.target
