"""Words that mean the same to who searches, over the API."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import AfterValidator, Field, StringConstraints
from starlette.responses import Response

from channels.text import one_line
from projections.article_search import SynonymsRow, groups
from projections.page import Page
from schemas.ids import new_id, scoped_id
from services.knowledge.synonyms import (
    WORD_MAX_CHARACTERS,
    WORDS_MAX,
    RemoveSynonyms,
    SetSynonyms,
    SynonymsRequest,
    UndoSynonyms,
)
from services.web.api.shapes import LIMIT_DEFAULT, Body, Caller, Cursor, Key, Limit, answers, fresh, json
from services.web.parts import Parts
from services.web.routing import Router

_Word = Annotated[
    str,
    AfterValidator(one_line),
    StringConstraints(min_length=1, max_length=WORD_MAX_CHARACTERS, pattern=r"\S"),
]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class SynonymsIn(Body):
    """The whole group."""

    words: Annotated[list[_Word], Field(min_length=2, max_length=WORDS_MAX)]
    language: _Language


class SynonymsKept(msgspec.Struct, frozen=True):
    """The group's id, and the position that shows it."""

    id: UUID
    position: int


def router(parts: Parts) -> Router:
    """`/api/v1/synonyms`."""
    routes = Router(prefix="/api/v1", tags=["knowledge"])
    database = parts.hub.database

    async def run(request: SynonymsRequest, status: int = 200) -> Response:
        position = await parts.library.run(request)
        return json(SynonymsKept(request.synonyms, position), status, position=position)

    @routes.get("/synonyms", responses=answers(Page[SynonymsRow]), dependencies=[fresh(database, "article_search")])
    async def list_synonyms(
        language: Annotated[_Language | None, Query()] = None, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Response:
        """Groups of words that mean the same, newest first."""
        return json(await database.run(groups, language=language, cursor=cursor, limit=limit))

    @routes.post("/synonyms", status_code=201, responses=answers(SynonymsKept, 201))
    async def add(body: SynonymsIn, who: Caller, key: Key) -> Response:
        """These mean the same."""
        made = new_id() if key is None else scoped_id("synonyms", who.name, key)
        return await run(_set(made, body, who.name), 201)

    @routes.put("/synonyms/{synonyms}", responses=answers(SynonymsKept))
    async def change(synonyms: UUID, body: SynonymsIn, who: Caller) -> Response:
        """These instead of those that were in the group."""
        return await run(_set(synonyms, body, who.name))

    @routes.post("/synonyms/{synonyms}/remove", responses=answers(SynonymsKept))
    async def remove(synonyms: UUID, who: Caller) -> Response:
        """They don't mean the same after all."""
        return await run(RemoveSynonyms(synonyms=synonyms, by=who.name, now=datetime.now(UTC)))

    @routes.post("/synonyms/{synonyms}/undo", responses=answers(SynonymsKept))
    async def undo(synonyms: UUID, who: Caller) -> Response:
        """As the group was before its last change."""
        return await run(UndoSynonyms(synonyms=synonyms, by=who.name, now=datetime.now(UTC)))

    return routes


def _set(synonyms: UUID, body: SynonymsIn, by: str) -> SetSynonyms:
    words = tuple(body.words)
    return SetSynonyms(synonyms=synonyms, words=words, language=body.language, by=by, now=datetime.now(UTC))
