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

from schemas.ids import id_beside, new_id
from services.demo.catalogue import AGENTS
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
    """Agents at their chats, by the public API, each with a token of their own: customers read who talks with them."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._admin = token
        self._tokens: dict[str, str] = {}

    async def open(self) -> None:
        """They take chats from now on."""
        for agent in AGENTS:
            wanted = {"role": "agent", "name": agent, "scopes": ["incidents"], "expires_days": 1}
            made = await self._client.post("/api/v1/tokens", json=wanted, headers=_bearer(self._admin))
            self._tokens[agent] = str(made.raise_for_status().json()["token"])
            await self._post("/api/v1/presence", {"available": True}, agent, new_id())

    async def work(self, step: Work, session: UUID | None, language: str) -> None:
        """Whoever takes the incident of a chat takes the chat; once it is solved they say goodbye."""
        if session is None:
            return
        if step.what == "assign":
            await self._post(f"/api/v1/chats/{session}/accept", {}, step.agent, id_beside(step.id, "chat"))
        elif step.what == "resolve":
            goodbye = _GOODBYE.get(language, _GOODBYE["en"])
            path = f"/api/v1/chats/{session}/close"
            await self._post(path, {"goodbye": goodbye}, step.agent, id_beside(step.id, "chat"))

    async def _post(self, path: str, body: dict[str, object], agent: str, key: UUID) -> None:
        headers = _bearer(self._tokens.get(agent, self._admin)) | {"Idempotency-Key": str(key)}
        answer = await self._client.post(path, json=body, headers=headers)
        # 404: nobody was there when they wrote, so it is no chat; 409: over, or somebody else has it
        if answer.status_code not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
            answer.raise_for_status()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


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
