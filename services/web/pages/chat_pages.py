"""`/agent/chats`: who waits for a person, and the conversations one has, side by side, each part of an incident."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import chats, timeline
from projections.chats import Chat
from projections.page import LIMIT_MAX
from projections.timeline import Entry
from schemas.errors import NotFoundError
from schemas.ids import new_id
from schemas.interaction import Channel
from schemas.threads import mailed
from services.access import teams
from services.chats import presence
from services.chats.presence import Presence
from services.chats.requests import AcceptChat, ChatRequest, CloseChat, TransferChat
from services.deciders import Request as Command
from services.incidents.requests import Reply
from services.web.api.chats import put_presence
from services.web.api.shapes import POSITION_MAX
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.words import CHAT
from services.web.parts import Parts
from services.web.routing import Router

Context = Callable[[Request, UUID | None, Mapping[str, object]], Awaitable[dict[str, object]]]
Goodbye = Callable[[str], str]
"""Last words in a language."""

_SIDE_BY_SIDE_MAX = 6
_ENDED_SHOWN = 8
_LINES_SHOWN = 200  # the whole is on the incident's page
_UNANSWERED_MAX = 100
_PROJECTIONS = ("chats", "timeline", "incidents")
_TEMPLATES = {"list": "agent/chats_list.html", "": "agent/chats.html"}


@dataclass(frozen=True)
class Talk:
    """One conversation as shown. `unanswered`: what the customer said since our last word."""

    chat: Chat
    entries: Sequence[Entry]
    unanswered: int
    key: str
    goodbye: str


@dataclass(frozen=True)
class Desk:
    """What an agent's page shows."""

    waiting: Sequence[Chat]
    mine: Sequence[Talk]
    others: Sequence[Chat]
    ended: Sequence[Chat]
    opened: Talk | None
    agents: Sequence[Presence]
    teams: Sequence[tuple[str, str]]
    available: bool


def router(parts: Parts, screen: Screen) -> Router:
    """The agents' chats."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    def goodbye(language: str) -> str:
        return screen.say_in(language, CHAT["goodbye"])

    async def context(request: Request, opened: UUID | None, shown: Mapping[str, object]) -> dict[str, object]:
        position = await parts.folded(*_PROJECTIONS)
        desk = await database.run(_desk, caller(request).name, opened, goodbye)
        return {"desk": desk, "position": position, "problem": "", "errors": (), **shown}

    @routes.get("/agent/chats")
    async def show(
        request: Request,
        part: str = "",
        opened: Annotated[UUID | None, Query(alias="open")] = None,
        min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, *_PROJECTIONS)
        template = _TEMPLATES.get(part, _TEMPLATES[""])
        return screen.render(request, template, await context(request, opened, {}))

    @routes.get("/agent/chats/count")
    async def count(request: Request, min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "chats", "timeline")
        waiting, mine = await database.run(_count, caller(request).name)
        return screen.render(request, "agent/chats_count.html", {"count": waiting, "mine": mine})

    _add_presence(routes, parts, screen)

    @routes.get("/agent/chats/{chat}")
    async def conversation(
        request: Request, chat: UUID, part: str = "", min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0
    ) -> Response:
        if part != "log":
            return redirect(request, "/agent/chats", open=chat)
        if min_position:
            await parts.wait_for(min_position, *_PROJECTIONS)
        found = await database.run(_talk_of, chat, goodbye)
        return screen.render(request, "agent/chat_log.html", {"talk": found})

    _add_actions(routes, parts, screen, context)
    return routes


def _add_presence(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/agent/chats/presence")
    async def presence_switch(request: Request) -> Response:
        there = caller(request).name in await parts.hub.database.run(presence.available)
        return screen.render(request, "agent/chats_presence.html", {"available": there})

    @routes.post("/agent/chats/presence")
    async def set_presence(request: Request) -> Response:
        fields = await posted.fields(request)
        await put_presence(parts, caller(request).name, there=fields.get("available") == "on")
        return redirect(request, posted.local(fields.get("next", "")) or "/agent/chats")


def _add_actions(routes: Router, parts: Parts, screen: Screen, context: Context) -> None:
    @routes.post("/agent/chats/{chat}/{action}")
    async def act(request: Request, chat: UUID, action: str) -> Response:
        fields = await posted.fields(request)
        key = fields.get("idempotency_key") or None
        try:
            make = await _command(parts, chat, action, fields)
            out = await parts.commands.run(make, by=caller(request).name, idempotency_key=key)
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            return screen.render(
                request, "agent/chats.html", await context(request, chat, shown), status=status, headers=headers
            )
        if "hx-request" in request.headers and action == "say":
            return Response(status_code=204)  # the open conversation fetches what is new by itself
        leads = None if action in {"close", "transfer"} else chat
        done = "chat_transferred" if action == "transfer" else None
        return redirect(request, "/agent/chats", open=leads, min_position=out.position, done=done, undo=out.undo)


async def _command(parts: Parts, chat: UUID, action: str, fields: Mapping[str, str]) -> Command:
    match action:
        case "say":
            found = await parts.hub.database.run(_chat, chat)
            return Reply(
                incident=found.number or 0, text=fields.get("text", ""), channel=_channel(found), thread=found.thread
            )
        case _:
            return _of_chat(chat, action, fields)


def _of_chat(chat: UUID, action: str, fields: Mapping[str, str]) -> ChatRequest:
    match action:
        case "accept":
            return AcceptChat(chat=chat)
        case "close":
            return CloseChat(chat=chat, goodbye=fields.get("goodbye", ""))
        case "transfer":
            kind, _, name = one_line(fields.get("to", "")).partition(":")
            is_team = kind == "team"
            return TransferChat(chat=chat, to="" if is_team else name, team=name if is_team else "")
        case _:
            raise NotFoundError("nothing of that name can be done with a chat")


def _channel(chat: Chat) -> Channel | None:
    return None if chat.by_mail else Channel.CHAT


def _chat(connection: Connection, chat: UUID) -> Chat:
    found = chats.get(connection, chat)
    if found is None:
        raise NotFoundError("no such chat")
    return found


def _talk_of(connection: Connection, chat: UUID, goodbye: Goodbye) -> Talk:
    return _talk(connection, _chat(connection, chat), goodbye)


def _talk(connection: Connection, chat: Chat, goodbye: Goodbye) -> Talk:
    entries = timeline.end_of_thread(connection, mailed(chat.thread), _LINES_SHOWN).items
    waits = timeline.unanswered(connection, chat.thread, _UNANSWERED_MAX)
    return Talk(chat, entries, waits, str(new_id()), goodbye(chat.language))


def _mine(connection: Connection, agent: str) -> Sequence[Chat]:
    return chats.find(connection, state="active", agent=agent, limit=_SIDE_BY_SIDE_MAX).items


def _count(connection: Connection, agent: str) -> tuple[int, Sequence[Chat]]:
    """What calls for the agent, and their chats: every open page asks, so it looks at no more than it must."""
    waiting, active = chats.counts(connection, agent)
    mine: Sequence[Chat] = _mine(connection, agent) if active else ()
    return waiting + sum(timeline.unanswered(connection, chat.thread, _UNANSWERED_MAX) for chat in mine), mine


def _desk(connection: Connection, agent: str, opened: UUID | None, goodbye: Goodbye) -> Desk:
    waiting = chats.find(connection, state="waiting").items
    active = chats.find(connection, state="active").items
    mine = [_talk(connection, chat, goodbye) for chat in _mine(connection, agent)]
    ended = [chat for chat in chats.find(connection, limit=LIMIT_MAX).items if chat.state in {"closed", "missed"}][
        :_ENDED_SHOWN
    ]
    shown = {talk.chat.id for talk in mine}
    there = presence.everybody(connection)
    return Desk(
        waiting=waiting,
        mine=mine,
        others=[chat for chat in active if chat.agent != agent],
        ended=ended,
        opened=_talk_of(connection, opened, goodbye) if opened is not None and opened not in shown else None,
        agents=[each for each in there if each.name != agent],
        teams=[(team.name, team.title) for team in teams.list_teams(connection)],
        available=any(each.available for each in there if each.name == agent),
    )
