"""Rate limits at the edges: token buckets in memory, one a caller. In front of forms and chat.

Each process counts for itself: a limit keeps one caller from crowding out the others, it is not a quota.
"""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from schemas.errors import RateLimitedError

_CALLERS_MAX = 20_000
_ONE_ENDS_SECONDS = 30
_IPV6_NETWORK_BITS = 64  # one household or office, as an address is in IPv4


@dataclass(frozen=True)
class Rate:
    """`burst` at once, then `per_second`."""

    burst: int
    per_second: float


class Limit:
    """One rate for each caller. `on=False` lets everything pass (CAUCE_RATE_LIMIT=off)."""

    def __init__(self, rate: Rate, *, on: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._on = on
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller → (tokens left, as of)

    def take(self, caller: str) -> None:
        """Use one. Raises RateLimitedError with the seconds until the next is there."""
        if not self._on:
            return
        now = self._clock()
        left, since = self._buckets.pop(caller, (float(self._rate.burst), now))
        left = min(float(self._rate.burst), left + (now - since) * self._rate.per_second)
        allowed = left >= 1
        self._buckets[caller] = (left - 1 if allowed else left, now)
        if len(self._buckets) > _CALLERS_MAX:
            self._buckets.popitem(last=False)  # the longest unseen; its bucket is the likeliest to be full again
        if not allowed:
            raise RateLimitedError(
                "too many requests; wait a little", retry_after=math.ceil((1 - left) / self._rate.per_second)
            )


class AtOnce:
    """So many at the same time for each caller."""

    def __init__(self, most: int, *, on: bool = True) -> None:
        self._most = most
        self._on = on
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: str) -> Generator[None]:
        """One more, as long as it lasts. Raises RateLimitedError."""
        if self._on and self._open[caller] >= self._most:
            raise RateLimitedError("too many are open at once; wait a little", retry_after=_ONE_ENDS_SECONDS)
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]


def network_of(host: str) -> str:
    """What counts as one caller: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> (128 - _IPV6_NETWORK_BITS) << (128 - _IPV6_NETWORK_BITS)))
