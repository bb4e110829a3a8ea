"""The topics: their names, partitions and retention, in one place for both logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Topic:
    """A topic of the log. `retention` None: kept for ever."""

    name: str
    partitions: int
    retention: timedelta | None


MAIL = Topic("mail", partitions=6, retention=timedelta(days=14))
INTERACTIONS = Topic("interactions", partitions=6, retention=timedelta(days=14))
EVENTS = Topic("events", partitions=1, retention=timedelta(days=14))  # one: Kafka's order is the store's order
QUARANTINE = Topic("quarantine", partitions=1, retention=timedelta(days=30))

TOPICS = (MAIL, INTERACTIONS, EVENTS, QUARANTINE)
