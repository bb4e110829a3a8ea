"""A small HTTP/1.1 load generator: keep-alive connections, one request in flight each. Imports nothing of ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a run of requests saw. `seconds`: each request's duration; `refused`: answers that weren't 2xx."""

    elapsed: float
    seconds: list[float]
    refused: int

    @property
    def rate(self) -> float:
        """Accepted requests a second."""
        return (len(self.seconds) - self.refused) / self.elapsed


def post_many(host: str, port: int, path: str, body: Callable[[int], bytes], *, clients: int, requests: int) -> Load:
    """Send `requests` POSTs of `body(number)` over `clients` connections."""
    return asyncio.run(_post_many(host, port, path, body, clients, requests))


async def _post_many(
    host: str, port: int, path: str, body: Callable[[int], bytes], clients: int, requests: int
) -> Load:
    numbers = iter(range(requests))
    seconds: list[float] = []
    refused = 0

    async def client() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(host, port)
        for number in numbers:
            content = body(number)
            begun = time.perf_counter()
            writer.write(
                f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
                f"Idempotency-Key: {number}-{begun}\r\nContent-Length: {len(content)}\r\n\r\n".encode()
                + content
            )
            status = await _read_answer(reader)
            seconds.append(time.perf_counter() - begun)
            refused += not 200 <= status < 300
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(time.perf_counter() - begun, seconds, refused)


def get_many(host: str, port: int, path: str, headers: str, *, clients: int, requests: int) -> Load:
    """Send `requests` GETs over `clients` connections. `headers`: more lines, each ending in CRLF."""
    return asyncio.run(_get_many(host, port, path, headers, clients, requests))


async def _get_many(host: str, port: int, path: str, headers: str, clients: int, requests: int) -> Load:
    numbers = iter(range(requests))
    seconds: list[float] = []
    refused = 0
    asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n{headers}\r\n".encode()

    async def client() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(host, port, limit=2**20)
        for _ in numbers:
            begun = time.perf_counter()
            writer.write(asked)
            status = await _read_answer(reader)
            seconds.append(time.perf_counter() - begun)
            refused += not 200 <= status < 300
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(time.perf_counter() - begun, seconds, refused)


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
