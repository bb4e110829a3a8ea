"""A request's body has a greatest size, counted as it comes, and a time to come in. Pure ASGI, before all readers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.limits import network_of
from schemas.errors import CauceError, TooLargeError
from services.web import problems
from services.web.slow_bodies import Coming

BODY_MAX_BYTES = 1024 * 1024


class BodyLimit:
    """Answers 413 at once when the length is announced, and as soon as it is passed when it isn't.

    `larger`: of forms with files, by what a path begins with.
    """

    def __init__(
        self, app: ASGIApp, body_max_bytes: int = BODY_MAX_BYTES, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._usual = body_max_bytes
        self._larger = larger or {}
        self._coming = Coming()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        client: tuple[str, int] | None = scope["client"]
        body = self._coming.one(receive, network_of(client[0]) if client else "")
        try:
            await self._bounded(scope, body.receive, send)
        finally:
            self._coming.remove(body)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        most = self._usual
        if headers.get(b"content-type", b"").lower().startswith(b"multipart/"):  # its files go to disk
            path: str = scope["path"]
            most = next((size for begins, size in self._larger.items() if path.startswith(begins)), most)
        announced = headers.get(b"content-length")
        if announced is not None and not (announced.isdigit() and int(announced) <= most):
            await _refuse(_too_large(most), scope, receive, send)
        else:  # where it is announced, the server holds the client to it, too
            await _Request(scope, receive, send, most).serve(self._app)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"a request has at most {most} bytes")


async def _refuse(error: CauceError, scope: Scope, receive: Receive, send: Send) -> None:
    # the connection stays: the server reads on and throws away, else the client's write fails before it sees the answer
    await problems.respond(*problems.describe(error))(scope, receive, send)


class _Request:
    """One request. Whatever the app makes of a body that broke off, the answer is what was wrong with it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._most = self._left = most
        self._wrong: CauceError | None = None
        self._started = False

    async def serve(self, app: ASGIApp) -> None:
        try:
            await app(self._scope, self.receive, self.send)
        except CauceError as error:
            if error is not self._wrong:
                raise
        if self._wrong is not None and not self._started:
            await _refuse(self._wrong, self._scope, self._receive, self._send)

    async def receive(self) -> Message:
        try:
            message = await self._receive()
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise _too_large(self._most)
        except CauceError as error:
            self._wrong = error
            raise
        return message

    async def send(self, message: Message) -> None:
        if self._wrong is not None and not self._started:
            problem, _ = problems.describe(self._wrong)
            if message.get("status") != problem.status:
                return  # FastAPI makes 400 of anything that happens to a body
        self._started = True
        await self._send(message)
