"""Bodies that are still coming: the time each has, and what all of them hold meanwhile. Under limits.py.

What came of one lies in memory until the rest is there: who never sends the rest would keep it there. So a place that
holds much, and then all places together, lose what they began first.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from starlette.types import Message, Receive

from schemas.errors import MalformedError, RateLimitedError

PIECE_SECONDS = 30.0
WHOLE_SECONDS = 900.0
OF_ONE_PLACE_BYTES = 16 * 1024 * 1024
IN_ALL_BYTES = 128 * 1024 * 1024
_IN_MEMORY_BYTES = 1024 * 1024  # what is beyond that of one are files, which lie on disk


class Coming:
    """The bodies under way, those that began first in front."""

    def __init__(self) -> None:
        self._bodies: dict[Body, None] = {}
        self._held = Counter[str]()

    def one(self, receive: Receive, place: str) -> Body:
        """Another one, from a place."""
        body = Body(self, receive, place)
        self._bodies[body] = None
        return body

    def add(self, body: Body, count: int) -> None:
        """So much more of it is held, and older ones let go for it. Not of one that was let go itself."""
        if body not in self._bodies:
            return
        self._held[body.place] += count
        while self._held[body.place] > OF_ONE_PLACE_BYTES and self._let_go(body.place):
            pass
        while self._held.total() > IN_ALL_BYTES and self._let_go():
            pass

    def remove(self, body: Body) -> None:
        """It is whole, or given up."""
        if body in self._bodies:
            del self._bodies[body]
            self._held[body.place] -= body.held
            if not self._held[body.place]:
                del self._held[body.place]

    def _let_go(self, place: str | None = None) -> bool:
        for body in self._bodies:
            if place in {None, body.place} and body.let_go():
                self.remove(body)
                return True
        return False


class Body:
    """One, whose pieces each come soon after the last."""

    def __init__(self, coming: Coming, receive: Receive, place: str) -> None:
        self.place = place
        self.held = 0
        self._coming = coming
        self._receive = receive
        self._whole = False  # then what is still waited for is that the client leaves
        self._waiting: asyncio.Timeout | None = None
        self._was_let_go = False
        self._until = asyncio.get_running_loop().time() + WHOLE_SECONDS

    async def receive(self) -> Message:
        """Its next piece. Raises MalformedError, RateLimitedError."""
        if self._whole:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        message: Message = {}
        try:
            async with asyncio.timeout_at(min(now + PIECE_SECONDS, self._until)) as self._waiting:
                message = await self._receive()
        except TimeoutError as error:
            if not self._was_let_go:
                raise MalformedError("the body came too slowly: send it again") from error
        finally:
            self._waiting = None
        if self._was_let_go:  # even if its next piece came at that moment
            raise RateLimitedError("too many bodies are under way; send it again", retry_after=10)
        self._whole = not message.get("more_body", False)
        if self._whole:
            self._coming.remove(self)
        else:
            more = min(len(message.get("body", b"")), _IN_MEMORY_BYTES - self.held)
            self.held += more
            self._coming.add(self, more)
        return message

    def let_go(self) -> bool:
        """Wait no longer for it, if it is being waited for."""
        if self._waiting is None or self._waiting.expired():
            return False
        self._waiting.reschedule(asyncio.get_running_loop().time())
        self._was_let_go = True
        return True
