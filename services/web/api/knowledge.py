"""The knowledge figures over the API: figures, tables, alarms, what is behind each, and what they are measured by."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Query
from pydantic import AfterValidator, Field
from starlette.responses import Response

from channels.text import one_line
from projections import knowledge_usage as usage
from projections.knowledge_usage import (
    Alarm,
    ArticleFigures,
    Asked,
    Day,
    Figure,
    Figures,
    IncidentUsed,
    Next,
    Order,
    VisitTold,
    WordFigures,
)
from projections.page import Page
from projections.report import zone_of
from services.thresholds import VALUE_MAX, SetThreshold
from services.web.api.reports import period
from services.web.api.shapes import LIMIT_DEFAULT, Body, Caller, Cursor, Key, Limit, answers, fresh, json
from services.web.channel_shift import Shift, channel_shift
from services.web.languages import LANGUAGES
from services.web.parts import Parts
from services.web.routing import Router

_Text = Annotated[str, AfterValidator(one_line), Query(max_length=200)]


class Searched(StrEnum):
    """Which words are listed: whole phrases, single words, or the phrases that found nothing."""

    PHRASES = "phrases"
    WORDS = "words"
    NOTHING = "nothing"


@dataclass(frozen=True)
class OnApi:
    """The period, by default the last thirty days, and of what."""

    since: Annotated[datetime | None, Query(description="A day, or a time; without a zone, one of `tz`")] = None
    until: Annotated[datetime | None, Query(description="Exclusive")] = None
    tz: Annotated[str, Query(max_length=64, description="A name of the IANA database")] = "UTC"
    surface: _Text = ""
    language: _Text = ""
    product: _Text = ""

    def asked(self) -> Asked:
        """Raises InvalidError."""
        since, until = period(self.since, self.until, datetime.now(zone_of(self.tz)))
        return Asked(since, until, self.surface, self.language, self.product, self.tz)


class Items(msgspec.Struct, frozen=True):
    """Days that had visits, oldest first."""

    items: Sequence[Day]


class Articles(msgspec.Struct, frozen=True):
    """Published articles in the asked order."""

    items: Sequence[ArticleFigures]


class Words(msgspec.Struct, frozen=True):
    """The most searched first."""

    items: Sequence[WordFigures]


class Alarms(msgspec.Struct, frozen=True):
    """What is to be seen to now, and the values it is measured by."""

    items: Sequence[Alarm]
    thresholds: dict[str, int]


class Thresholds(msgspec.Struct, frozen=True):
    """Name → value."""

    thresholds: dict[str, int]


class ThresholdIn(Body):
    """From now on."""

    value: Annotated[int, Field(ge=1, le=VALUE_MAX)]


Period = Annotated[OnApi, Depends()]


def router(parts: Parts) -> Router:
    """`/api/v1/knowledge`."""
    routes = Router(prefix="/api/v1/knowledge", tags=["knowledge"])
    run = parts.hub.database.run
    waits = [fresh(parts.hub.database, "knowledge_usage")]

    @routes.get("/figures", responses=answers(Figures), dependencies=waits)
    async def get_figures(on: Period) -> Response:
        """Of the visits that began in a period: how they ended, and what was done in them."""
        return json(await run(usage.figures, on.asked()))

    @routes.get("/days", responses=answers(Items), dependencies=waits)
    async def get_days(on: Period) -> Response:
        """How the visits of each day ended that looked for help."""
        return json(Items(await run(usage.by_day, on.asked())))

    @routes.get("/articles", responses=answers(Articles), dependencies=waits)
    async def get_articles(on: Period, order: Order = Order.VIEWS, limit: Limit = LIMIT_DEFAULT) -> Response:
        """The figures of each article."""
        found = await run(usage.by_article, on.asked(), order=order, languages=LANGUAGES, limit=limit)
        return json(Articles(found))

    @routes.get("/words", responses=answers(Words), dependencies=waits)
    async def get_words(on: Period, show: Searched = Searched.PHRASES, limit: Limit = LIMIT_DEFAULT) -> Response:
        """What was searched, and what came next."""
        if show is Searched.WORDS:
            return json(Words(await run(usage.by_word, on.asked(), limit=limit)))
        return json(Words(await run(usage.by_phrase, on.asked(), zero=show is Searched.NOTHING, limit=limit)))

    @routes.get("/shift", responses=answers(Shift), dependencies=waits)
    async def get_shift(on: Period) -> Response:
        """Contacts by channel beside what was solved by self-service, by day, week or month."""
        return json(await run(channel_shift, on.asked()))

    @routes.get("/visits", responses=answers(Page[VisitTold]), dependencies=waits)
    async def get_visits(
        on: Period,
        figure: Figure = Figure.LOOKED,
        article: UUID | None = None,
        phrase: _Text = "",
        then: Next | None = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """The visits behind a figure, the newest first. `then`: of a search, what came next."""
        return json(
            await run(
                usage.visits,
                on.asked(),
                figure,
                article=article,
                phrase=phrase,
                then=then,
                cursor=cursor,
                limit=limit,
            )
        )

    @routes.get("/articles/{article}/incidents", responses=answers(Page[IncidentUsed]), dependencies=waits)
    async def get_incidents(article: UUID, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Response:
        """The incidents an article was used for, the last used first."""
        return json(await run(usage.incidents, article, cursor=cursor, limit=limit))

    _watched(routes, parts)
    return routes


def _watched(routes: Router, parts: Parts) -> None:
    """Alarms, and what they are measured by."""
    run = parts.hub.database.run
    waits = [fresh(parts.hub.database, "knowledge_usage")]

    @routes.get("/alarms", responses=answers(Alarms), dependencies=waits)
    async def get_alarms() -> Response:
        """What needs seeing to, measured now."""
        found = await run(usage.alarms, datetime.now(UTC))
        return json(Alarms(found, await run(usage.thresholds)))

    @routes.get("/thresholds", responses=answers(Thresholds), dependencies=waits)
    async def get_thresholds() -> Response:
        """What alarms and the target of self-service are measured by."""
        return json(Thresholds(await run(usage.thresholds)))

    @routes.put("/thresholds/{name}", responses=answers(Thresholds))
    async def set_threshold(name: str, body: ThresholdIn, who: Caller, key: Key) -> Response:
        """From now on."""
        out = await parts.commands.run(SetThreshold(name=name, value=body.value), by=who.name, idempotency_key=key)
        await parts.wait_for(out.position, "knowledge_usage")
        return json(Thresholds(await run(usage.thresholds)), position=out.position)
