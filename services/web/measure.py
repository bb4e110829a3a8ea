"""How long requests take, by route: pure ASGI; and whatever no handler foresaw ends here as a plain 500."""

from __future__ import annotations

import time

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web import problems

log = structlog.get_logger()

REQUEST_SECONDS = Histogram(
    "cauce_http_request_seconds",
    "Time to answer a request, by route",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_ENDLESS = frozenset({"/live", "/api/v1/live"})


class Measure:
    """Times each request. Nothing of an unforeseen error leaves the process but its status."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            log.exception("request_failed", path=scope["path"])
            if status:  # half an answer is out: the connection is broken off
                raise
            problem, headers = problems.describe(error)
            await problems.respond(problem, headers)(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "")
            if route not in _ENDLESS:
                seconds = time.perf_counter() - began
                REQUEST_SECONDS.labels(scope["method"], route or "none", str(status)).observe(seconds)
