"""`/knowledge/figures`: how knowledge helps, what needs seeing to, and how contacts move to self-service."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from eventstore.database import Connection
from projections import knowledge_usage as usage
from projections.articles import desk
from projections.articles.readers import ANYBODY
from projections.knowledge_usage import AlarmKind, Asked, Order
from services.thresholds import SetThreshold
from services.web.channel_shift import SELF_SERVICE, Part, channel_shift
from services.web.guard import caller
from services.web.languages import LANGUAGES
from services.web.pages import posted
from services.web.pages.figures_asked import OnPage, before, days_of, query_of
from services.web.pages.screen import Screen, redirect
from services.web.pages.usage_words import SEARCHED
from services.web.pages.words import CHANNEL
from services.web.parts import Parts
from services.web.routing import Router

_SHOWN = 50
_TOP = 10

Period = Annotated[OnPage, Depends()]
Word = Annotated[str, Query(max_length=20)]


def router(parts: Parts, screen: Screen) -> Router:
    """The pages; what is behind a figure, charts and CSV are in figures_behind.py and figures_files.py."""
    routes = Router(include_in_schema=False)
    run = parts.hub.database.run

    def page(request: Request, part: str, asked: Asked, found: Mapping[str, object]) -> Response:
        context = {"asked": asked, "shown": days_of(asked), "query_of": query_of, **found}
        template = f"agent/figures_{part or 'overview'}.html"
        return screen.render(request, template, context)

    @routes.get("/knowledge/figures")
    async def overview(request: Request, on_page: Period, min_position: posted.Position = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "knowledge_usage")
        asked = on_page.asked()
        return page(request, "", asked, await run(_overview, asked, screen.language(request)))

    @routes.get("/knowledge/figures/articles")
    async def articles(request: Request, on_page: Period, order: Word = "") -> Response:
        asked, chosen = on_page.asked(), Order(order) if order in set(Order) else Order.VIEWS
        return page(request, "articles", asked, await run(_articles, asked, chosen))

    @routes.get("/knowledge/figures/words")
    async def words(request: Request, on_page: Period, show: Word = "") -> Response:
        asked, chosen = on_page.asked(), show if show in SEARCHED else "phrases"
        return page(request, "words", asked, await run(_words, asked, chosen))

    @routes.get("/knowledge/figures/shift")
    async def shift(request: Request, on_page: Period, min_position: posted.Position = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "knowledge_usage")
        asked = on_page.asked()
        return page(request, "shift", asked, await run(_shift, asked))

    @routes.post("/knowledge/figures/thresholds")
    async def set_thresholds(request: Request) -> Response:
        fields = await posted.fields(request)
        position = await _keep(parts, fields, caller(request).name)
        back = "/knowledge/figures/shift" if "self_service_percent" in fields else "/knowledge/figures"
        return redirect(request, back, min_position=position, done="saved")

    return routes


async def _keep(parts: Parts, fields: Mapping[str, str], by: str) -> int:
    """The position that shows all of them. Raises InvalidError."""
    position = 0
    for name in usage.PRESETS:
        if name in fields:
            out = await parts.commands.run(SetThreshold(name=name, value=posted.number(fields[name]) or 0), by=by)
            position = max(position, out.position)
    return position


def _overview(connection: Connection, asked: Asked, language: str) -> dict[str, object]:
    now = datetime.now(UTC)
    top = usage.wanted(connection, ANYBODY, asked.language or language, "", _TOP)
    named = usage.titles(connection, [str(each) for each in top])
    return {
        "figures": usage.figures(connection, asked),
        "earlier": usage.figures(connection, before(asked)),
        "days": usage.by_day(connection, asked),
        "alarms": usage.alarms(connection, now),
        "measured": {kind.value: usage.measured(kind, now) for kind in AlarmKind},
        "thresholds": usage.thresholds(connection),
        "top": [(each, named.get(str(each), "")) for each in top],
        "products": desk.products(connection),
    }


def _articles(connection: Connection, asked: Asked, order: Order) -> dict[str, object]:
    found = usage.by_article(connection, asked, order=order, languages=LANGUAGES, limit=_SHOWN)
    today = datetime.now(UTC)
    return {"rows": found, "order": order.value, "now": today, "products": desk.products(connection)}


def _words(connection: Connection, asked: Asked, show: str) -> dict[str, object]:
    if show == "words":
        found = usage.by_word(connection, asked, limit=_SHOWN)
    else:
        found = usage.by_phrase(connection, asked, zero=show == "nothing", limit=_SHOWN)
    return {"rows": found, "show": show, "products": desk.products(connection)}


def _shift(connection: Connection, asked: Asked) -> dict[str, object]:
    found = channel_shift(connection, asked)
    periods: dict[date, dict[str, Part]] = {}
    for each in reversed(found.parts):
        periods.setdefault(each.since, {})[each.channel] = each
    came = {each.channel for each in found.parts}
    return {
        "shift": found,
        "periods": list(periods.items()),
        "channels": [name for name in (SELF_SERVICE, *CHANNEL) if name in came],
        "thresholds": usage.thresholds(connection),
        "products": desk.products(connection),
    }
