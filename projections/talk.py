"""How long somebody talked: the one rule of it, for call tracking and for time spent."""

from __future__ import annotations

from datetime import datetime


def talked(answered_at: datetime | None, ended_at: datetime | None, held_seconds: float) -> float:
    """Seconds from the answer to the end without those on hold; nothing where one of the two is missing."""
    return max(0.0, between(answered_at, ended_at) - held_seconds)


def between(since: datetime | None, until: datetime | None) -> float:
    """Seconds; none where one is missing or they are the wrong way round."""
    return max(0.0, (until - since).total_seconds()) if since and until else 0.0
