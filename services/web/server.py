"""uvicorn around the app: on a socket taken beforehand, and told apart from its live connections when it stops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette

from services.web.patience import PatientProtocol, PatientWebSocket

GRACEFUL_SECONDS = 5
_WEBSOCKET_MAX_BYTES = 256 * 1024


async def serve(app: FastAPI, listening: socket.socket, *, forwarded_allow_ips: str = "127.0.0.1") -> None:
    """Serve until cancelled, then finish the requests under way and end the live ones.

    Raises what ends the app's own tasks: an operator's matter stops the process, not only what is behind the pages.
    """
    server = _Server(configured(app, forwarded_allow_ips=forwarded_allow_ips))
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="uvicorn")
    failed: asyncio.Event = app.state.failed
    failing = asyncio.create_task(failed.wait(), name="web-failing")
    try:
        await asyncio.wait({serving, failing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        failing.cancel()
        # live connections never end by themselves; uvicorn would wait for them
        app.state.live.close()
        server.should_exit = True
        await serving
    if failed.is_set():
        app.state.tasks.result()


def configured(app: Starlette, *, forwarded_allow_ips: str = "127.0.0.1") -> uvicorn.Config:
    """How uvicorn serves it."""
    return uvicorn.Config(
        app,
        lifespan="on",
        http=PatientProtocol,
        ws=PatientWebSocket,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips=forwarded_allow_ips,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_keep_alive=30,
        backlog=2048,
        ws_max_size=_WEBSOCKET_MAX_BYTES,
    )


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leaves signals to the process (services/supervision.py)."""
        yield
