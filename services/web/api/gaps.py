"""What the knowledge base lacks, and what agents doubt of what it says, over the API."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response

from channels.text import one_line
from projections import incidents
from projections.articles import desk
from projections.articles.rows import FlagRow, GapRow
from projections.page import Page
from schemas.errors import ConflictError
from schemas.facts.shelving import Doubt
from schemas.ids import new_id, scoped_id
from services.knowledge import from_answer
from services.knowledge.gaps import WORDS_MAX_CHARACTERS, DismissGap, FillGap, GapRequest, NoticeGap, ReopenGap
from services.knowledge.shelving import DOUBT_MAX_CHARACTERS, DoubtIt, SettleDoubt
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    NUMBER_MAX,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    answers,
    fresh,
    json,
)
from services.web.instead import instead
from services.web.parts import Parts
from services.web.routing import Router

_Question = Annotated[
    str,
    AfterValidator(one_line),
    StringConstraints(min_length=1, max_length=WORDS_MAX_CHARACTERS, pattern=r"\S"),
]
_Words = Annotated[str, AfterValidator(one_line), StringConstraints(max_length=DOUBT_MAX_CHARACTERS)]
_Incident = Annotated[int, Field(ge=1, le=NUMBER_MAX)]


class GapIn(Body):
    """A question that no article answers. `incident`: the number of where it was asked."""

    words: _Question
    language: Annotated[str, StringConstraints(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4})?$")] = ""
    incident: _Incident | None = None


class AnswerIn(Body):
    """An answer of ours: the incident's number, and the interaction."""

    incident: Annotated[int, Field(ge=1, le=NUMBER_MAX)]
    answer: UUID


class FilledIn(Body):
    """The article that answers it."""

    article: UUID


class DoubtIn(Body):
    """What is not right with an article. `incident`: the number of where it showed."""

    doubt: Doubt
    words: _Words = ""
    incident: _Incident | None = None


class Noticed(msgspec.Struct, frozen=True):
    """The gap's or the flag's id, and the position that shows it."""

    id: UUID
    position: int


class Doubts(msgspec.Struct, frozen=True):
    """What agents hold against an article and nobody has settled, the oldest first."""

    items: list[FlagRow]


def router(parts: Parts) -> Router:
    """`/api/v1/gaps` and `/api/v1/articles/{article}/doubts`."""
    routes = Router(prefix="/api/v1", tags=["knowledge"])
    _gaps(routes, parts)
    _of_answers(routes, parts)
    _doubts(routes, parts)
    return routes


def _gaps(routes: Router, parts: Parts) -> None:
    database = parts.hub.database

    @routes.get("/gaps", responses=answers(Page[GapRow]), dependencies=[fresh(database, "articles")])
    async def list_gaps(
        state: Annotated[Literal["open", "filled", "dismissed"], Query()] = "open",
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Questions that no article answers, newest first."""
        return json(await database.run(desk.gaps, state=state, cursor=cursor, limit=limit))

    @routes.post("/gaps", status_code=201, responses=answers(Noticed, 201))
    async def notice(body: GapIn, who: Caller, key: Key) -> Response:
        """No article answers this."""
        gap = new_id() if key is None else scoped_id("gap", who.name, key)
        asked = NoticeGap(
            gap=gap,
            words=body.words,
            language=body.language,
            incident=await _incident(parts, body.incident),
            by=who.name,
            now=datetime.now(UTC),
        )
        position = await parts.library.run(asked, repeatable=key is not None)
        return json(Noticed(gap, position), 201, position=position)

    async def run(request: GapRequest) -> Response:
        position = await parts.library.run(request)
        return json(Noticed(request.gap, position), position=position)

    @routes.post("/gaps/{gap}/fill", responses=answers(Noticed))
    async def fill(gap: UUID, body: FilledIn, who: Caller) -> Response:
        """This article answers it."""
        return await run(FillGap(gap=gap, article=body.article, by=who.name, now=datetime.now(UTC)))

    @routes.post("/gaps/{gap}/dismiss", responses=answers(Noticed))
    async def dismiss(gap: UUID, who: Caller) -> Response:
        """It needs no article."""
        return await run(DismissGap(gap=gap, by=who.name, now=datetime.now(UTC)))

    @routes.post("/gaps/{gap}/reopen", responses=answers(Noticed))
    async def reopen(gap: UUID, who: Caller) -> Response:
        """It was filled or dismissed too soon."""
        return await run(ReopenGap(gap=gap, by=who.name, now=datetime.now(UTC)))


def _of_answers(routes: Router, parts: Parts) -> None:
    replacing = partial(instead, default=parts.hub.settings.locale)

    @routes.post("/articles/from-answer", status_code=201, responses=answers(Noticed, 201))
    async def begin(body: AnswerIn, who: Caller) -> Response:
        """Begin an article with a question and its answer, without names, addresses and numbers that tell whose it was.

        The same answer again is the same article.
        """
        found = await parts.hub.database.run(
            from_answer.begin, body.incident, body.answer, by=who.name, instead=replacing
        )
        try:
            position = await parts.library.run(found)
        except ConflictError:
            position = 0
        return json(Noticed(found.article, position), 201, position=position)


def _doubts(routes: Router, parts: Parts) -> None:
    database = parts.hub.database

    @routes.get("/articles/{article}/doubts", responses=answers(Doubts), dependencies=[fresh(database, "articles")])
    async def list_doubts(article: UUID) -> Response:
        """What agents hold against an article."""
        return json(Doubts(await database.run(desk.doubts, article)))

    @routes.post("/articles/{article}/doubts", status_code=201, responses=answers(Noticed, 201))
    async def doubt(article: UUID, body: DoubtIn, who: Caller, key: Key) -> Response:
        """Say what is not right with an article."""
        flag = new_id() if key is None else scoped_id("doubt", str(article), who.name, key)
        asked = DoubtIt(
            article=article,
            flag=flag,
            doubt=body.doubt,
            words=body.words,
            incident=await _incident(parts, body.incident),
            by=who.name,
            now=datetime.now(UTC),
        )
        position = await parts.library.run(asked)
        return json(Noticed(flag, position), 201, position=position)

    @routes.post("/articles/{article}/doubts/{flag}/settle", responses=answers(Noticed))
    async def settle(article: UUID, flag: UUID, who: Caller) -> Response:
        """It is mended, or there was nothing to mend."""
        asked = SettleDoubt(article=article, flag=flag, by=who.name, now=datetime.now(UTC))
        position = await parts.library.run(asked)
        return json(Noticed(flag, position), position=position)


async def _incident(parts: Parts, number: int | None) -> UUID | None:
    """Its id, if who asks may see it. Raises NotFoundError."""
    return None if number is None else (await parts.hub.database.run(incidents.existing, number)).id
