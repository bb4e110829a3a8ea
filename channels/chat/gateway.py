"""The chat gateway: one WebSocket a client; each message is acknowledged once it is on the log, and only then.

A connection (connection.py) takes frames (frames.py), opens a session (sessions.py), hands messages to the intake;
answers come through rooms.py. How many may be open is minded here.
"""

from __future__ import annotations

import contextlib

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from channels.chat import frames
from channels.chat.connection import Connection
from channels.chat.frames import Problem
from channels.chat.shared import Shared
from channels.limits import network_of
from schemas.errors import RateLimitedError

_TRY_AGAIN_LATER = 1013


class ChatGateway:
    """Where clients come in."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, to its end."""
        await self.serve_framed(websocket)

    async def serve_framed(self, websocket: WebSocket, token: str | None = None, site: str = "") -> None:
        """The same from a frame on another site: `token` came in its cookie."""
        await websocket.accept()
        place = network_of(websocket.client.host) if websocket.client else ""
        try:
            with self.shared.open_anywhere.one(""), self.shared.open_of_one_place.one(place):
                await Connection(self.shared, websocket, place, token, site).serve()
        except RateLimitedError as error:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):  # gone already
                await websocket.send_text(frames.encode(Problem("rate_limited", retry_after=error.retry_after)))
                await websocket.close(_TRY_AGAIN_LATER, "too many chats are open")


def router(gateway: ChatGateway) -> APIRouter:
    """`WS /chat`, to be mounted under `/api/v1`."""
    routes = APIRouter(tags=["chat"])
    routes.add_api_websocket_route("/chat", gateway.serve)
    return routes
