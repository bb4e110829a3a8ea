"""HEAD, as monitors and link checkers ask it: the same as GET, of which the server then sends no body."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadIsGet:
    """Pure ASGI; the server below keeps the scope that says HEAD, and by it leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
