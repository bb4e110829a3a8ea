"""`/knowledge/synonyms`: words that mean the same to who searches, and what a search would find, tried as one types."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import article_search
from projections.articles import AGENT
from projections.page import LIMIT_MAX
from schemas.errors import InvalidError, NotFoundError
from schemas.ids import new_id
from services.knowledge.synonyms import RemoveSynonyms, SetSynonyms, SynonymsRequest, UndoSynonyms
from services.knowledge.visits import QUERY_MAX_CHARACTERS
from services.web.guard import caller
from services.web.languages import LANGUAGES
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.searching import in_pieces
from services.web.parts import Parts
from services.web.routing import Router

_PAGE = "/knowledge/synonyms"
_TRIED_MAX = 5
_REMOVED_MAX = 5


def router(parts: Parts, screen: Screen) -> Router:
    """The list with its forms, and what a search would find."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    @routes.get(_PAGE)
    async def show(request: Request, min_position: posted.Position = 0, changed: UUID | None = None) -> Response:
        if min_position:
            await parts.wait_for(min_position, "article_search")
        return await page(request, None, {"changed": changed})

    @routes.get("/knowledge/synonyms/try")
    async def attempt(
        request: Request,
        q: Annotated[str, Query(max_length=1000)] = "",
        language: Annotated[str, Query(max_length=8)] = "",
    ) -> Response:
        words = one_line(q)[:QUERY_MAX_CHARACTERS]
        meaning = await parts.questions.meaning(words)
        results = await database.run(
            article_search.search, AGENT, words, locale=language, limit=_TRIED_MAX, meaning=meaning
        )
        context = {"q": words, "results": results, "found": in_pieces(results.items)}
        return screen.render(request, "agent/synonyms_tried.html", context)

    @routes.post(_PAGE)
    async def add(request: Request) -> Response:
        return await run(request, new_id(), "set")

    @routes.post("/knowledge/synonyms/{synonyms}/{action}")
    async def act(request: Request, synonyms: UUID, action: str) -> Response:
        return await run(request, synonyms, action)

    async def run(request: Request, synonyms: UUID, action: str) -> Response:
        fields = await posted.fields(request)
        try:
            position = await parts.library.run(_asked(synonyms, action, fields, caller(request).name))
        except InvalidError as error:
            return await page(request, error, {"fields": fields, "editing": synonyms})
        return redirect(request, _PAGE, min_position=position, changed=synonyms)

    async def page(request: Request, error: Exception | None, more: Mapping[str, object]) -> Response:
        status, headers, shown = posted.outcome(error)
        context: dict[str, object] = {
            "fields": {},
            "editing": None,
            "changed": None,
            **await database.run(_read),
            **more,
            **shown,
        }
        return screen.render(request, "agent/synonyms.html", context, status=status, headers=headers)

    return routes


def _asked(synonyms: UUID, action: str, fields: Mapping[str, str], by: str) -> SynonymsRequest:
    now = datetime.now(UTC)
    match action:
        case "set":
            language = fields.get("language", "")
            if language not in LANGUAGES:
                raise InvalidError("no language of ours", field="language")
            words = tuple(fields.get("words", "").replace("\n", ",").split(","))
            return SetSynonyms(synonyms=synonyms, words=words, language=language, by=by, now=now)
        case "remove":
            return RemoveSynonyms(synonyms=synonyms, by=by, now=now)
        case "undo":
            return UndoSynonyms(synonyms=synonyms, by=by, now=now)
        case _:
            raise NotFoundError("no such action")


def _read(connection: Connection) -> dict[str, object]:
    return {
        "groups": article_search.groups(connection, limit=LIMIT_MAX).items,
        "removed": article_search.removed_lately(connection, _REMOVED_MAX),
    }
