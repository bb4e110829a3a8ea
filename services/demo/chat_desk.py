"""The demo's chats: agents who take them and say goodbye; and somebody who always waits, for whoever tries it out."""

from __future__ import annotations

import asyncio
import contextlib
import json
from http import HTTPStatus
from uuid import UUID

import httpx
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from schemas.ids import new_id
from services.demo.steps import Work
from services.settings import Endpoint

log = structlog.get_logger()

_GOODBYE = {
    "es": "Me alegro de haber podido ayudarle. ¡Hasta pronto!",
    "en": "Glad I could help. Goodbye!",
}
_WAITING = (
    ("Rosa Miranda", "rosa.miranda@correo.example", "es", "¿Me pueden decir cómo cambio la contraseña?"),
    ("Peter Lowell", "peter.lowell@mail.example", "en", "Hello? My invoice shows last month's address."),
    ("Yolanda Pino", "", "es", "Buenas, ¿hay alguien? Es por una licencia."),
)
_PAUSE_SECONDS = 5.0


class ChatDesk:
    """Agents at their chats, by the public API with a token."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    async def open(self) -> None:
        """Somebody takes chats from now on."""
        await self._post("/api/v1/presence", {"available": True}, new_id())

    async def work(self, step: Work, session: UUID | None, language: str) -> None:
        """Whoever takes the incident of a chat takes the chat; once it is solved they say goodbye."""
        if session is None:
            return
        if step.what == "assign":
            await self._post(f"/api/v1/chats/{session}/accept", {}, step.id)
        elif step.what == "resolve":
            goodbye = _GOODBYE.get(language, _GOODBYE["en"])
            await self._post(f"/api/v1/chats/{session}/close", {"goodbye": goodbye}, step.id)

    async def _post(self, path: str, body: dict[str, object], key: UUID) -> None:
        headers = self._headers | {"Idempotency-Key": str(key)}
        answer = await self._client.post(path, json=body, headers=headers)
        # 404: nobody was there when they wrote, so it is no chat; 409: over, or somebody else has it
        if answer.status_code not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
            answer.raise_for_status()


async def somebody_waits(http: Endpoint) -> None:
    """One after the other asks for a person, until nobody came; for ever. They are for whoever tries the screens."""
    turn = 0
    while True:
        name, email, language, text = _WAITING[turn % len(_WAITING)]
        turn += 1
        with contextlib.suppress(OSError, TimeoutError, WebSocketException):
            await _wait(http, {"name": name, "locale": language} | ({"email": email} if email else {}), text)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _wait(http: Endpoint, who: dict[str, str], text: str) -> None:
    async with connect(f"ws://{http}/api/v1/chat", proxy=None) as chat:
        await chat.send(json.dumps({"type": "hello", "states": True} | who))
        await chat.send(json.dumps({"type": "message", "id": "1", "text": text}))
        async for said in chat:
            frame = json.loads(said)
            if frame["type"] == "state" and frame["state"] in {"missed", "closed", "unavailable"}:
                return
