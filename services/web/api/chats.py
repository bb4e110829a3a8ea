"""Live chats over the API: the queue, taking, handing on, ending; and who takes chats at all."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Query
from starlette.responses import Response

from eventstore.database import Connection
from projections import chats
from projections.chats import Chat
from projections.page import Page
from schemas.errors import NotFoundError
from services.chats import presence
from services.chats.house import OPEN, PRESENCE, UNAVAILABLE
from services.chats.requests import AcceptChat, ChatRequest, CloseChat, TransferChat
from services.web.api.doing import done
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    Line,
    MaybeLine,
    Notes,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router


class TransferIn(Body):
    """One of them."""

    to: MaybeLine = ""
    team: MaybeLine = ""


class CloseIn(Body):
    """`goodbye`: last words to the customer."""

    goodbye: Notes = ""


class PresenceIn(Body):
    """Do I take chats?"""

    available: bool


class AgentPresence(msgspec.Struct, frozen=True):
    """One agent's switch."""

    name: str
    available: bool
    since: datetime


class Presences(msgspec.Struct, frozen=True):
    """`available`: can a chat be offered to customers?"""

    available: bool
    agents: list[AgentPresence]


def router(parts: Parts) -> Router:
    """`/api/v1/chats` and `/api/v1/presence`."""
    routes = Router(prefix="/api/v1", tags=["chats"])
    database = parts.hub.database
    waits = fresh(database, "chats", "incidents")

    @routes.get("/chats", responses=answers(Page[Chat]), dependencies=[waits])
    async def list_chats(
        state: Annotated[Literal["waiting", "active", "closed", "missed"] | None, Query()] = None,
        agent: Annotated[Line | None, Query()] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Chats; those that wait begin with the one that waits longest, all others with the newest."""
        return json(await database.run(chats.find, state=state, agent=agent, cursor=cursor, limit=limit))

    @routes.get("/chats/{chat}", responses=answers(Chat), dependencies=[waits])
    async def get_chat(chat: UUID) -> Response:
        """One chat."""
        found = await database.run(chats.get, chat)
        if found is None:
            raise NotFoundError("no such chat")
        return json(found)

    @routes.post("/chats/{chat}/accept", responses=answers(Chat))
    async def accept_chat(chat: UUID, who: Caller, key: Key) -> Response:
        """Talk with them. Of several who ask at once one gets it; the others hear who."""
        return await _run(parts, AcceptChat(chat=chat), who.name, key)

    @routes.post("/chats/{chat}/transfer", responses=answers(Chat))
    async def transfer_chat(chat: UUID, body: TransferIn, who: Caller, key: Key) -> Response:
        """Hand it on, to an agent who is available or into a team's queue."""
        return await _run(parts, TransferChat(chat=chat, to=body.to, team=body.team), who.name, key)

    @routes.post("/chats/{chat}/close", responses=answers(Chat))
    async def close_chat(chat: UUID, body: CloseIn, who: Caller, key: Key) -> Response:
        """End it, with last words or without."""
        return await _run(parts, CloseChat(chat=chat, goodbye=body.goodbye), who.name, key)

    @routes.get("/presence", responses=answers(Presences))
    async def get_presence() -> Response:
        """Who takes chats."""
        return json(await database.run(_presences))

    @routes.post("/presence", responses=answers(Presences))
    async def set_presence(body: PresenceIn, who: Caller) -> Response:
        """Take chats, or no more."""
        await put_presence(parts, who.name, there=body.available)
        return json(await database.run(_presences))

    return routes


async def put_presence(parts: Parts, name: str, *, there: bool) -> None:
    """Set the switch, and tell open screens and chats."""
    await parts.hub.database.run(presence.put, name, there=there)
    anybody = bool(await parts.hub.database.run(presence.available))
    parts.signals.send(PRESENCE, OPEN if anybody else UNAVAILABLE, name)


async def _run(parts: Parts, request: ChatRequest, by: str, key: str | None) -> Response:
    return await done(parts, request, by, key, chats.get, "chats", "incidents")


def _presences(connection: Connection) -> Presences:
    found = [AgentPresence(each.name, each.available, each.since) for each in presence.everybody(connection)]
    return Presences(any(each.available for each in found), found)
