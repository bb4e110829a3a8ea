"""A server of embeddings on loopback that knows a few words, and answers badly when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from services.knowledge.meaning.address import Address, read_address

CONCEPTS = (("factura", "recibo", "invoice"), ("acceso", "contraseña", "password"), ("impresora", "papel", "printer"))
Badly = Callable[[asyncio.StreamWriter], Awaitable[None]]


class EmbeddingServer:
    """`asked`: what came, oldest first. `badly`: answers instead of vectors. `refuses`: texts that are longer."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.badly: Badly | None = None
        self.refuses: int | None = None
        self.dimensions = 16

    @property
    def texts(self) -> list[str]:
        """All it was asked for, but for what no article is about."""
        return [text for asked in self.asked for text in asked["input"] if len(asked["input"]) <= 16]

    def named(self, model: str = "words") -> Address:
        """As a hub knows it."""
        return read_address(f"{self.address}?model={model}")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                (length,) = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-len")]
                asked = json.loads(await reader.readexactly(int(length)))
                self.heads.append(head)
                self.asked.append(asked)
                await self._answer(writer, asked["input"])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, texts: list[str]) -> None:
        if self.badly is not None:
            await self.badly(writer)
        elif self.refuses is not None and max(map(len, texts)) > self.refuses:
            say(writer, b"{}", status="413 Too Large")
        else:
            vectors = [{"index": place, "embedding": self.vector(text)} for place, text in enumerate(texts)]
            say(writer, json.dumps({"object": "list", "data": vectors[::-1], "model": "words"}).encode())

    def vector(self, text: str) -> list[float]:
        """A direction for each concept that the text has a word of; else one of its own."""
        found = [float(any(word in text.lower() for word in words)) for words in CONCEPTS]
        own = [byte / 255 - 0.5 for byte in sha256(text.encode()).digest()[: self.dimensions - len(found)]]
        return [10 * number for number in found] + own


def say(writer: asyncio.StreamWriter, body: bytes, *, status: str = "200 OK", head: str = "") -> None:
    """A whole answer."""
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)


@asynccontextmanager
async def serving_embeddings() -> AsyncGenerator[EmbeddingServer]:
    """It runs for a block."""
    served = EmbeddingServer("")
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/embeddings"
    try:
        yield served
    finally:
        server.close()
