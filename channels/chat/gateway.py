"""The chat gateway: one WebSocket a client; each message is acknowledged once it is on the log, and only then.

A connection (connection.py) takes frames (frames.py), opens a session (sessions.py), hands messages to the intake;
answers come through rooms.py. What all connections share is here: limits, and how many may be open.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from channels.chat import frames
from channels.chat.connection import Connection
from channels.chat.frames import Problem, State
from channels.chat.rooms import ChatLine, ChatRooms
from channels.chat.sessions import ChatSessions
from channels.form import FROM_ONE_PLACE, OF_ONE_ADDRESS
from channels.intake import Intake
from channels.limits import AtOnce, Limit, Rate, network_of
from schemas.errors import RateLimitedError

OPENED_FROM_ONE_PLACE = Rate(burst=60, per_second=2.0)
SAID_IN_ONE_SESSION = Rate(burst=30, per_second=5.0)
OPEN_FROM_ONE_PLACE = 200  # connections at once; an office has one address
TYPED_FROM_ONE_PLACE = Rate(burst=20, per_second=5.0)  # every open console is told

_TRY_AGAIN_LATER = 1013

History = Callable[[UUID], Awaitable[Sequence[ChatLine]]]
"""The messages of a thread, oldest first, as new as the store is when it is called."""

Typed = Callable[[UUID], Awaitable[None]]
"""Told that the customer is writing in a session."""


class House(Protocol):
    """What a chat asks the hub beside its words."""

    async def state_of(self, session: UUID, thread: UUID) -> State:
        """How the chat stands."""
        ...

    async def left_email(self, session: UUID, thread: UUID, email: str) -> None:
        """Where to write to. Raises InvalidError, RetryableError."""
        ...

    async def ended(self, session: UUID) -> None:
        """The customer left for good."""
        ...


class ChatGateway:
    """What all chat connections of a process share. `capacity`: connections at most."""

    def __init__(
        self,
        intake: Intake,
        sessions: ChatSessions,
        rooms: ChatRooms,
        history: History,
        *,
        typed: Typed | None = None,
        house: House | None = None,
        rate_limit: bool = True,
        capacity: int = 5000,
    ) -> None:
        self.intake = intake
        self.sessions = sessions
        self.rooms = rooms
        self.history = history
        self.typed = typed
        self.house = house
        self.opened = Limit(OPENED_FROM_ONE_PLACE, on=rate_limit)
        self.said = Limit(SAID_IN_ONE_SESSION, on=rate_limit)
        self.typing = Limit(TYPED_FROM_ONE_PLACE, on=rate_limit)
        # as for a form: naming an address makes us mail it
        self._mailed_to = Limit(OF_ONE_ADDRESS, on=rate_limit)
        self._mailed_from = Limit(FROM_ONE_PLACE, on=rate_limit)
        self._all = AtOnce(capacity)
        self._of_one_place = AtOnce(OPEN_FROM_ONE_PLACE, on=rate_limit)

    def named(self, address: str, place: str) -> None:
        """Count an address that somebody says is theirs. Raises RateLimitedError."""
        self._mailed_from.take(place)
        self._mailed_to.take(address)

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, to its end."""
        await self.serve_framed(websocket)

    async def serve_framed(self, websocket: WebSocket, token: str | None = None, site: str = "") -> None:
        """The same from a frame on another site: `token` came in its cookie."""
        await websocket.accept()
        place = network_of(websocket.client.host) if websocket.client else ""
        try:
            with self._all.one(""), self._of_one_place.one(place):
                await Connection(self, websocket, place, token, site).serve()
        except RateLimitedError as error:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):  # gone already
                await websocket.send_text(frames.encode(Problem("rate_limited", retry_after=error.retry_after)))
                await websocket.close(_TRY_AGAIN_LATER, "too many chats are open")


def router(gateway: ChatGateway) -> APIRouter:
    """`WS /chat`, to be mounted under `/api/v1`."""
    routes = APIRouter(tags=["chat"])
    routes.add_api_websocket_route("/chat", gateway.serve)
    return routes
