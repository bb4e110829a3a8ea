"""`/reports/{name}`: a report as figures, bars and a table side by side; the same as CSV."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request
from starlette.responses import Response

from projections.report import Column, Report, zone_of
from schemas.errors import InvalidError
from services.web.api.reports import REPORTS, dimensions, kind_of, period
from services.web.charts import SVG_HEADERS, Figure
from services.web.csv_table import csv_response
from services.web.pages import posted
from services.web.pages.screen import NOTHING, Screen, duration, redirect
from services.web.pages.words import CHANNEL, COLUMN
from services.web.parts import Parts
from services.web.routing import Router

_TOTALS = (
    "contacts",
    "interactions_in",
    "interactions_out",
    "opened",
    "resolved",
    "reopened",
    "views",
    "searches",
    "helpful",
    "unhelpful",
    "contacts_after",
)
_DIMENSIONS = frozenset({"day", "hour", "channel", "article", "title"})


@dataclass(frozen=True)
class Asked:
    """The period and how to split it, as the page's form says them."""

    since: Annotated[str, Query(max_length=10)] = ""
    until: Annotated[str, Query(max_length=10)] = ""
    by: Annotated[str, Query(max_length=100)] = ""
    tz: Annotated[str, Query(max_length=64)] = "UTC"

    def moments(self) -> tuple[datetime, datetime]:
        """Whole days of the asked time zone. Raises InvalidError."""
        return period(day_of(self.since, "since"), day_of(self.until, "until"), datetime.now(zone_of(self.tz)))


def router(parts: Parts, screen: Screen) -> Router:
    """Reports for people."""
    routes = Router(include_in_schema=False)

    async def read(name: str, asked: Asked) -> Report:
        kind = kind_of(name)
        since, until = asked.moments()
        by = dimensions(asked.by or None, kind)
        return await parts.hub.database.run(kind.read, since=since, until=until, by=by, tz=asked.tz)

    @routes.get("/reports")
    async def first(request: Request) -> Response:
        return redirect(request, f"/reports/{next(iter(REPORTS))}")

    @routes.get("/reports/{name}")
    async def show(request: Request, name: str, asked: Annotated[Asked, Depends()]) -> Response:
        kind = kind_of(name)
        status, shown, report = 200, dict[str, object](problem="", errors=()), None
        try:
            report = await read(name, asked)
        except posted.REFUSALS as error:
            status, _, shown = posted.refusal(error)
        begin, end = period(None, None, datetime.now(UTC)) if report is None else (report.since, report.until)
        zone = ZoneInfo(asked.tz) if report else UTC
        query = {"since": f"{begin.astimezone(zone):%Y-%m-%d}", "until": f"{end.astimezone(zone):%Y-%m-%d}"}
        query |= {"by": ",".join(report.by) if report else "", "tz": asked.tz}
        context: dict[str, object] = {
            "name": name,
            "reports": list(REPORTS),
            "report": report,
            "since": query["since"],
            "until": query["until"],
            "by": tuple(report.by) if report else kind.by,
            "splits": _splits(kind.by),
            "tz": asked.tz,
            "totals": _totals(report) if report else [],
            "chart_query": f"?{urlencode(query)}",
            "cell": partial(_cell, screen, request),
        }
        return screen.render(request, "agent/report.html", context | shown, status=status)

    @routes.get("/reports/{name}/chart.svg")
    async def chart(request: Request, name: str, asked: Annotated[Asked, Depends()], theme: str = "") -> Response:
        report = await read(name, asked)
        figure = _figure(report, asked, screen, request, dark=theme == "dark")
        key = (name, report.as_of_position, report.since, report.until, tuple(report.by), asked.tz)
        svg = await parts.charts.svg((*key, figure.dark, figure.language), figure, report.rows)
        return Response(svg, media_type="image/svg+xml", headers=SVG_HEADERS)

    @routes.get("/reports/{name}/table.csv")
    async def table(name: str, asked: Annotated[Asked, Depends()]) -> Response:
        report = await read(name, asked)
        return csv_response(name, [column.name for column in report.columns], report.rows)

    return routes


def day_of(text: str, field: str) -> datetime | None:
    """The beginning of a day as a form says it; None: it says none. Raises InvalidError."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time())
    except ValueError as error:
        raise InvalidError("a day like 2026-01-31", field=field) from error


def _splits(by: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [by, *((each,) for each in by)]


def _totals(report: Report) -> list[tuple[str, float]]:
    counted = [column.name for column in report.columns if column.name in _TOTALS]
    return [(name, sum(row[name] or 0 for row in report.rows)) for name in counted]


def _cell(screen: Screen, request: Request, column: Column, value: Any) -> str:
    if value is None:
        return NOTHING
    match column.unit:
        case "seconds":
            return duration(value)
        case "ratio":
            return f"{value:.0%}"
        case "text" if column.name == "channel":
            return screen.say(request, CHANNEL.get(value, value))
        case _:
            return str(value)


def _figure(report: Report, asked: Asked, screen: Screen, request: Request, *, dark: bool) -> Figure:
    split = [name for name in report.by if name != "day"]
    y = next((column.name for column in report.columns if column.name not in _DIMENSIONS), "contacts")
    zone = ZoneInfo(asked.tz)
    first, last = (moment.astimezone(zone).date() for moment in (report.since, report.until))
    return Figure(
        x="day" if "day" in report.by else "title" if "article" in split else split[0],
        y=y,
        title=screen.say(request, COLUMN.get(y, y)),
        colour="channel" if "channel" in split else "",
        labels={name: screen.say(request, word) for name, word in CHANNEL.items()},
        days=(f"{first}", f"{last}") if "day" in report.by else None,
        language=screen.language(request),
        dark=dark,
    )
