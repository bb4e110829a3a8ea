"""The cookie a visit is kept by: a random id, when it began, when something last happened. Pure; visitor.py sets it.

A visit ends when it was still for an hour: whoever comes back later begins another. What only follows from what was
done before (a vote, a message to us) goes on with what it follows from, for a day: as deflection is defined.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from schemas.ids import new_id
from services.knowledge.visits import VISIT_MAX, Kind

STILL_SECONDS = 3600
DAY_SECONDS = int(VISIT_MAX.total_seconds())
_SKEW_SECONDS = 300
"""So far the clocks of our own web processes may lie apart."""
_FOLLOWS = frozenset(
    {
        Kind.TIME_READ,
        Kind.VOTED,
        Kind.VOTE_EXPLAINED,
        Kind.SOLVED,
        Kind.CONTACT_STARTED,
        Kind.CONTACT_SENT,
        Kind.CHAT_STARTED,
    }
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the cookie says; times in seconds since 1970, by our clock."""

    visit: UUID
    began: int
    last: int

    def __str__(self) -> str:
        return f"{self.visit}.{self.began}.{self.last}"


def visit_of(cookie: str, kind: Kind, now: int) -> Kept:
    """The visit in which this happens: the one that is kept, or a new one."""
    kept = _read(cookie)
    if (
        kept is None
        or not -_SKEW_SECONDS <= now - kept.began < DAY_SECONDS
        or (now - kept.last > STILL_SECONDS and kind not in _FOLLOWS)
    ):
        return Kept(new_id(), now, now)
    return replace(kept, last=now)


def _read(cookie: str) -> Kept | None:
    visit, *times = cookie.split(".")
    try:
        began, last = (int(each) for each in times)
        return Kept(UUID(visit), began, last)
    except ValueError:
        return None
