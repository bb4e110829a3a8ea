"""A request's body has a greatest size, counted as it comes, and a time to come in. Pure ASGI, before all readers.

What came of one lies in memory until the rest is there: who never sends the rest would keep it there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import MalformedError, TooLargeError
from services.web import problems

BODY_MAX_BYTES = 1024 * 1024
PIECE_SECONDS = 30.0
WHOLE_SECONDS = 900.0


class BodyLimit:
    """Answers 413 at once when the length is announced, and as soon as it is passed when it isn't.

    `larger`: by what a path begins with.
    """

    def __init__(
        self, app: ASGIApp, body_max_bytes: int = BODY_MAX_BYTES, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._usual = body_max_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        receive = _InTime(receive).receive
        path: str = scope["path"]
        most = next((size for begins, size in self._larger.items() if path.startswith(begins)), self._usual)
        for name, value in scope["headers"]:
            if name == b"content-length":
                if value.isdigit() and int(value) <= most:
                    await self._app(scope, receive, send)  # the server holds the client to what it announced
                else:
                    await _refuse(most, scope, receive, send)
                return
        await _Counted(scope, receive, send, most).serve(self._app)


async def _refuse(most: int, scope: Scope, receive: Receive, send: Send) -> None:
    problem, headers = problems.describe(TooLargeError(f"a request has at most {most} bytes"))
    # the connection stays: the server reads on and throws away, else the client's write fails before it sees the answer
    await problems.respond(problem, headers)(scope, receive, send)


class _InTime:
    """A body whose pieces each come soon after the last."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._whole = False  # then what is still waited for is that the client leaves
        self._until = asyncio.get_running_loop().time() + WHOLE_SECONDS

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + PIECE_SECONDS, self._until)):
                message = await self._receive()
        except TimeoutError as error:
            raise MalformedError("the body came too slowly: send it again") from error
        self._whole = not message.get("more_body", False)
        return message


class _Counted:
    """One request whose length is not known beforehand."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._most = self._left = most
        self._over = self._started = False

    async def serve(self, app: ASGIApp) -> None:
        try:
            await app(self._scope, self.receive, self.send)
        except TooLargeError:
            if not self._over:
                raise
        if self._over and not self._started:
            await _refuse(self._most, self._scope, self._receive, self._send)

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self._over = True
            raise TooLargeError("the body is too large")
        return message

    async def send(self, message: Message) -> None:
        if self._over and not self._started:
            return  # whatever the app makes of the broken read, the answer is 413
        self._started = True
        await self._send(message)
