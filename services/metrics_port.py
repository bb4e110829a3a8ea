"""`/metrics` of a process that serves no pages: a tiny HTTP answer from its own event loop, so it also shows life."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.settings import Endpoint

_REQUEST_SECONDS = 5.0
_REQUEST_MAX_BYTES = 16_384


async def serve(endpoint: Endpoint) -> None:
    """Answer until cancelled. Every path is the metrics."""
    server = await asyncio.start_server(_answer, endpoint.host, endpoint.port, limit=_REQUEST_MAX_BYTES)
    async with server:
        await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(_REQUEST_SECONDS):
            await reader.readuntil(b"\r\n\r\n")
            body = generate_latest()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {CONTENT_TYPE_LATEST}\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # whoever asked has gone, or wasn't asking for this
    finally:
        writer.close()
