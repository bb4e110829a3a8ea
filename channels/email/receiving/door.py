"""What all connections of one mail server share: its bounds, and how much each peer may ask of it. Below smtp.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from channels.email.receiving.reception import Reception
from channels.limits import AtOnce, Limit, Rate
from schemas.errors import RateLimitedError

_ONE_ENDS_SECONDS = 30
_CONNECTS = Rate(burst=200, per_second=5)
_MAILS = Rate(burst=500, per_second=10)
_UNKNOWN = Rate(burst=20, per_second=1 / 30)


@dataclass(frozen=True)
class Limits:
    """What one server takes on. `large_at_once` bounds memory: that many mails over 1 MiB are read at a time.

    `answers_in_vain`: after so many since its last mail a connection is ended.
    The `peer_` ones are for each address (a /64 of IPv6). A mail server in front of us is a peer too, and tries again
    what was put off: they are far above what people write, and far below what would crowd the others out.
    """

    connections: int = 200
    idle_seconds: float = 120.0
    data_seconds: float = 900.0
    recipients: int = 100
    answers_in_vain: int = 1000
    large_at_once: int = 8
    peer_connections: int = 50
    peer_large_at_once: int = 4
    peer_connects: Rate = _CONNECTS
    peer_mails: Rate = _MAILS
    peer_unknown: Rate = _UNKNOWN


class Door:
    """One server's. `rate_limit=False`: nothing is held against a peer."""

    def __init__(self, reception: Reception, limits: Limits, *, rate_limit: bool) -> None:
        self.reception = reception
        self.limits = limits
        self.mails = Limit(limits.peer_mails, on=rate_limit)
        self.unknown = Limit(limits.peer_unknown, on=rate_limit)
        self._connects = Limit(limits.peer_connects, on=rate_limit)
        self._at_once = AtOnce(limits.peer_connections, on=rate_limit)
        self._open = 0
        self._large = asyncio.Semaphore(limits.large_at_once)
        self._large_each = limits.peer_large_at_once if rate_limit else limits.large_at_once
        self._large_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def large(self, peer: str) -> AsyncGenerator[None]:
        """A large mail's, once there is one. Those that a peer has too many wait for its own, in nobody else's way."""
        own = self._large_of.setdefault(peer, asyncio.Semaphore(self._large_each))
        async with own, self._large:
            yield

    @contextmanager
    def place(self, peer: str) -> Generator[None]:
        """A connection's, while it lasts. Raises RateLimitedError."""
        if self._open >= self.limits.connections:
            raise RateLimitedError("too many connections", retry_after=_ONE_ENDS_SECONDS)
        self._connects.take(peer)
        with self._at_once.one(peer):
            self._open += 1
            try:
                yield
            finally:
                self._open -= 1
