"""What an agent tells the knowledge base from an incident: no article answers this; this one is not right."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import articles, incidents
from projections.articles import Article
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.shelving import Doubt
from schemas.ids import new_id, scoped_id
from services.knowledge.gaps import WORDS_MAX_CHARACTERS, NoticeGap
from services.knowledge.shelving import DOUBT_MAX_CHARACTERS, DoubtIt
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.incident import Number
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

Words = Annotated[str, Query(max_length=WORDS_MAX_CHARACTERS)]


def router(parts: Parts, screen: Screen) -> Router:
    """Two boxes over an incident's page."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    @routes.get("/agent/incidents/{number}/gap")
    async def ask_gap(request: Request, number: Number, q: Words = "") -> Response:
        incident = await database.run(incidents.existing, number)
        context = {"incident": incident, "asked": one_line(q) or incident.subject, "id": new_id()}
        return screen.render(request, "agent/incident_gap.html", context)

    @routes.post("/agent/incidents/{number}/gap")
    async def notice(request: Request, number: Number) -> Response:
        incident = await database.run(incidents.existing, number)
        fields = await posted.fields(request)
        asked = NoticeGap(
            gap=posted.uuid(fields.get("id", ""), "id"),
            words=one_line(fields.get("words", ""))[:WORDS_MAX_CHARACTERS],
            language=fields.get("language", ""),
            incident=incident.id,
            by=caller(request).name,
            now=datetime.now(UTC),
        )
        await parts.library.run(asked)
        return redirect(request, f"/agent/incidents/{number}", done="gap_noticed")

    @routes.get("/agent/incidents/{number}/articles/{article}/doubt")
    async def ask_doubt(request: Request, number: Number, article: UUID) -> Response:
        context = {
            "incident": await database.run(incidents.existing, number),
            "article": await database.run(_article, article),
        }
        return screen.render(request, "agent/incident_doubt.html", context | {"id": new_id()})

    @routes.post("/agent/incidents/{number}/articles/{article}/doubt")
    async def doubt(request: Request, number: Number, article: UUID) -> Response:
        incident = await database.run(incidents.existing, number)
        fields = await posted.fields(request)
        if fields.get("doubt", "") not in set(Doubt):
            raise InvalidError("what is not right with it?", field="doubt")
        asked = DoubtIt(
            article=article,
            flag=scoped_id("doubt", str(article), str(posted.uuid(fields.get("id", ""), "id"))),
            doubt=Doubt(fields["doubt"]),
            words=one_line(fields.get("words", ""))[:DOUBT_MAX_CHARACTERS],
            incident=incident.id,
            by=caller(request).name,
            now=datetime.now(UTC),
        )
        await parts.library.run(asked)
        return redirect(request, f"/agent/incidents/{number}", done="doubted")

    return routes


def _article(connection: Connection, article: UUID) -> Article:
    """Raises NotFoundError."""
    found = articles.get(connection, articles.AGENT, article)
    if found is None:
        raise NotFoundError("no such article")
    return found
