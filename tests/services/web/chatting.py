"""A chat's customer, as a program."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.services.web.serving import Web

Frame = dict[str, Any]


class Customer:
    """Somebody with the chat open."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.session = ""
        self.token = ""

    async def send(self, **frame: object) -> None:
        await self._socket.send(json.dumps(frame))

    async def next(self, kind: str = "", **fields: object) -> Frame:
        """The next frame of that kind, with these fields; what comes between is passed over."""
        async with asyncio.timeout(60):
            while True:
                frame: Frame = json.loads(await self._socket.recv())
                if kind in {"", frame["type"]} and fields.items() <= frame.items():
                    return frame

    async def hello(self, **fields: object) -> None:
        await self.send(type="hello", **fields)
        welcome = await self.next("welcome")
        self.session, self.token = welcome["session"], welcome["token"]

    async def say(self, text: str, key: str = "1") -> None:
        await self.send(type="message", id=key, text=text)
        await self.next("ack", id=key)


def socket_of(web: Web, path: str = "/api/v1/chat", **more: Any) -> connect:
    """A chat's socket, to be opened; as patient as a client of the pages."""
    return connect(f"{web.url.replace('http', 'ws', 1)}{path}", open_timeout=90, close_timeout=1, **more)


@asynccontextmanager
async def chatting(web: Web, **hello: object) -> AsyncIterator[Customer]:
    """A customer who said hello and hears how the chat stands."""
    async with socket_of(web) as socket:
        customer = Customer(socket)
        await customer.hello(**({"states": True, "name": "Eva"} | hello))
        yield customer
