"""TXT records, asked of a resolver in bounded time and remembered. For services/parser.py: the only look-ups we make.

What can't be had in time is None: nobody knows, which is another thing than "there is none".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

import dns.asyncresolver
import dns.exception
import dns.resolver

from schemas.errors import SettingsError

SYSTEM = "system"
_SECONDS = 2.0
_AWAY_SECONDS = 30.0
_AWAY_AFTER = 5
_KEPT_SECONDS = (60.0, 3600.0)
_NOTHING_KEPT_SECONDS = 300.0
_KEPT_MAX = 10_000
_PORT = 53


class Resolver:
    """`where`: `system`, or `host:port` of one. After five names in a row without an answer it rests half a minute.

    Not after one: somebody's own slow name server must not stop us from looking at everybody else.
    """

    def __init__(self, where: str, *, seconds: float = _SECONDS) -> None:
        self._asks = dns.asyncresolver.Resolver(configure=where == SYSTEM)
        if where != SYSTEM:
            host, _, port = where.rpartition(":")
            try:
                self._asks.nameservers = [host.strip("[]")]
                self._asks.port = int(port or _PORT)
            except ValueError as error:
                raise SettingsError("CAUCE_DNS is off, system, or the address and port of a resolver") from error
        self._asks.lifetime = seconds
        self._kept: dict[str, tuple[float, list[str]]] = {}
        self._away_until = 0.0
        self._unanswered = 0

    async def texts(self, names: Iterable[str]) -> dict[str, list[str] | None]:
        """The TXT records of each name, all asked at once."""
        wanted = list(names)
        return dict(zip(wanted, await asyncio.gather(*(self._text(name) for name in wanted)), strict=True))

    async def _text(self, name: str) -> list[str] | None:
        now = time.monotonic()
        kept = self._kept.get(name)
        if kept is not None and kept[0] > now:
            return kept[1]
        if now < self._away_until:
            return None
        try:
            found, seconds = await self._ask(name)
        except (dns.exception.DNSException, OSError):
            self._unanswered += 1
            if self._unanswered >= _AWAY_AFTER:
                self._away_until = time.monotonic() + _AWAY_SECONDS
                self._unanswered = 0
            return None
        self._unanswered = 0
        if len(self._kept) >= _KEPT_MAX:
            self._kept.clear()
        self._kept[name] = (now + seconds, found)
        return found

    async def _ask(self, name: str) -> tuple[list[str], float]:
        try:
            answer = await self._asks.resolve(f"{name}.", "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return [], _NOTHING_KEPT_SECONDS
        least, most = _KEPT_SECONDS
        texts = [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
        return texts, min(max(float(answer.rrset.ttl if answer.rrset else least), least), most)
