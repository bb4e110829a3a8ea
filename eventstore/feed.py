"""The EventFeed port: the stored facts, in the one global order, from a position on. Every projection follows one.

On the embedded log it tails the event table; over Kafka it follows the topic `events` and heals every hole
(a record names the position before it) from the event table, so Kafka's offsets are advice and nothing more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from eventstore.recorded import Recorded

EventHandler = Callable[[Sequence[Recorded]], Awaitable[None]]
"""Folds a batch and moves its checkpoint in one transaction. Raising: the same events come again after a pause."""


class EventFeed(Protocol):
    """Every event after a position exactly in order, none missed."""

    async def follow(
        self, consumer: str, checkpoint: Callable[[], Awaitable[int]], handle: EventHandler, *, max_events: int = 500
    ) -> None:
        """Feed batches after the stored checkpoint, until cancelled.

        `checkpoint` is read at the start and again after every failure, so a moved checkpoint is obeyed.
        """
        ...
