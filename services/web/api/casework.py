"""Beside an incident, over the API: similar solved ones, linked articles, tags in use, canned replies, mentions."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from eventstore.database import Connection
from projections import casework, incidents
from projections.casework import LinkedArticle, Mention, Solved, TagUse
from projections.page import Page
from schemas.errors import NotFoundError
from services.drafts import canned
from services.drafts.canned import Canned
from services.incidents import requests
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    POSITION_MAX,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    Line,
    Number,
    Words,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router

_Language = Annotated[str, StringConstraints(pattern=r"^(es|en)?$")]


class Linked(msgspec.Struct, frozen=True):
    """The articles of an incident after a change."""

    position: int
    articles: list[LinkedArticle]


class Mentions(msgspec.Struct, frozen=True):
    """Notes that call the caller, newest first, and how many of all they have not read (100: a hundred or more)."""

    items: list[Mention]
    next_cursor: str | None
    unseen: int


class Filled(msgspec.Struct, frozen=True):
    """A canned reply with names in its places."""

    text: str


class Seen(msgspec.Struct, frozen=True):
    """How many are left."""

    unseen: int


class CannedMade(msgspec.Struct, frozen=True):
    """The id of a new one."""

    id: UUID


class ArticleLinkIn(Body):
    """Which article."""

    article: UUID


class CannedIn(Body):
    """A canned reply; `personal`: for oneself, `language`: es, en, or nothing for any."""

    name: Line
    body: Words
    language: _Language = ""
    personal: bool = False


class CannedChangeIn(Body):
    """Its new text."""

    name: Line
    body: Words
    language: _Language = ""


class SeenIn(Body):
    """The newest mention that was read."""

    position: Annotated[int, Field(ge=0, le=POSITION_MAX)]


def router(parts: Parts) -> Router:
    """`/api/v1/…`: what the incident page shows beside the timeline."""
    routes = Router(prefix="/api/v1", tags=["incidents"])
    _looking(routes, parts)
    _linking(routes, parts)
    _canned(routes, parts)
    return routes


def _looking(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "casework", "incidents", "timeline")

    @routes.get("/incidents/{number}/similar", responses=answers(Page[Solved]), dependencies=[waits])
    async def get_similar(number: Number) -> Response:
        """Solved incidents that share words with this one, the most alike first."""
        return json(Page(await database.run(casework.similar, number)))

    @routes.get("/tags", responses=answers(Page[TagUse]), dependencies=[waits])
    async def list_tags(
        q: Annotated[str, Query(max_length=60)] = "", limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> Response:
        """Tags in use that begin so, the most used first."""
        return json(Page(await database.run(casework.tags, q, limit)))

    @routes.get("/mentions", responses=answers(Mentions), dependencies=[waits])
    async def list_mentions(who: Caller, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Response:
        """Notes that call the caller by name."""
        return json(await database.run(_mentions, who.name, cursor, limit))

    @routes.post("/mentions/seen", responses=answers(Seen))
    async def mark_seen(body: SeenIn, who: Caller) -> Response:
        """Read up to here."""
        return json(Seen(await database.run(see_mentions, who.name, body.position)))


def _linking(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "casework", "articles")

    @routes.get("/incidents/{number}/articles", responses=answers(Page[LinkedArticle]), dependencies=[waits])
    async def get_articles(number: Number) -> Response:
        """Articles that were linked to it."""
        return json(Page(await database.run(_articles_of, number)))

    @routes.post("/incidents/{number}/articles", responses=answers(Linked))
    async def link_article(number: Number, body: ArticleLinkIn, who: Caller, key: Key) -> Response:
        """This article has to do with it."""
        return await change(requests.LinkArticle(incident=number, article=body.article), who, key)

    @routes.delete("/incidents/{number}/articles/{article}", responses=answers(Linked))
    async def unlink_article(number: Number, article: UUID, who: Caller, key: Key) -> Response:
        """It hasn't after all."""
        return await change(requests.UnlinkArticle(incident=number, article=article), who, key)

    async def change(request: requests.LinkArticle | requests.UnlinkArticle, who: Caller, key: str | None) -> Response:
        out = await parts.commands.run(request, by=who.name, idempotency_key=key)
        await parts.wait_for(out.position, "casework", "articles")
        articles = await database.run(_articles_of, request.incident)
        return json(Linked(out.position, articles), position=out.position, undo=out.undo)


def _canned(routes: Router, parts: Parts) -> None:
    database = parts.hub.database

    @routes.get("/canned", responses=answers(Page[Canned]))
    async def list_canned(
        who: Caller, q: Annotated[str, Query(max_length=100)] = "", language: Annotated[_Language, Query()] = ""
    ) -> Response:
        """The team's canned replies and one's own."""
        return json(Page(await database.run(canned.of, who.name, q=q, language=language)))

    @routes.post("/canned", status_code=201, responses=answers(CannedMade, 201))
    async def create_canned(body: CannedIn, who: Caller) -> Response:
        """Keep a sentence to use again."""
        made = await database.run(
            canned.create,
            name=body.name,
            body=body.body,
            language=body.language,
            personal=body.personal,
            by=who.name,
        )
        return json(CannedMade(made), 201)

    @routes.put("/canned/{canned_id}", status_code=204, response_class=Response)
    async def change_canned(canned_id: UUID, body: CannedChangeIn, who: Caller) -> Response:
        """Say it better."""
        await database.run(
            canned.change, canned_id, name=body.name, body=body.body, language=body.language, by=who.name
        )
        return Response(status_code=204)

    @routes.delete("/canned/{canned_id}", status_code=204, response_class=Response)
    async def remove_canned(canned_id: UUID, who: Caller) -> Response:
        """Take it away."""
        await database.run(canned.remove, canned_id, by=who.name)
        return Response(status_code=204)

    @routes.get("/incidents/{number}/canned/{canned_id}", responses=answers(Filled))
    async def fill_canned(number: Number, canned_id: UUID, who: Caller) -> Response:
        """A canned reply as this incident's customer would read it."""
        return json(Filled(await database.run(filled, number, canned_id, who.name)))


def filled(connection: Connection, number: int, canned_id: UUID, user: str) -> str:
    """The text of a canned reply, with names in its places. Raises NotFoundError."""
    found = canned.get(connection, canned_id, user)
    return canned.fill(found.body, places(connection, number, user))


def places(connection: Connection, number: int, user: str) -> dict[str, str]:
    """What is known for the places of a canned reply. Raises NotFoundError."""
    incident = incidents.existing(connection, number)
    return {
        "customer.name": incident.customer.name,
        "incident.number": str(incident.number),
        "incident.subject": incident.subject,
        "agent.name": user.partition("@")[0].replace(".", " ").title(),
    }


def see_mentions(connection: Connection, agent: str, position: int) -> int:
    """Remember what was read; returns how many are left."""
    connection.execute(
        "INSERT INTO mentions_seen (agent, position) VALUES (%s, %s) ON CONFLICT (agent) DO UPDATE"
        " SET position = greatest(mentions_seen.position, excluded.position)",
        (agent, position),
    )
    return casework.unseen(connection, agent)


def _mentions(connection: Connection, agent: str, cursor: str | None, limit: int) -> Mentions:
    page = casework.mentions(connection, agent, cursor=cursor, limit=limit)
    return Mentions(page.items, page.next_cursor, casework.unseen(connection, agent))


def _articles_of(connection: Connection, number: int) -> list[LinkedArticle]:
    found = incidents.sealed_by(connection, number)
    if found is None:
        raise NotFoundError(f"no incident {number}")
    return casework.linked_articles(connection, found[0])
