"""The Log port: what every transport of ours promises, whichever carries it. Done by postgres.py and kafka_log.py.

A log carries `mail` and `interactions` towards the store (append, consume); `feed.py` carries `events` out of it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from schemas.topics import Topic

APPEND_SECONDS = 5.0
"""Within this the log has it, or LogUnavailableError is raised."""


@dataclass(frozen=True, slots=True)
class NewRecord:
    """What a channel hands over. `key` spreads and orders (an HMAC, never an address); `id` is the interaction's."""

    id: UUID
    key: bytes
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class LogRecord:
    """What a consumer gets. `headers` holds the CloudEvents attributes (`ce_id`, `ce_type`, `ce_source`, …)."""

    id: UUID
    partition: int
    offset: int
    value: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition, in order. `position` is the consumer's before it, `next_position` after it."""

    topic: str
    partition: int
    consumer: str
    position: int
    next_position: int
    records: Sequence[LogRecord]


BatchHandler = Callable[[Batch], Awaitable[None]]
"""Handles a batch and, in its own transaction, calls `positions.advance(conn, batch)`.

Raising leaves the position alone: the same records come again after a pause (≤ 1 s), for ever.
StalePositionError means somebody else handled them: the consumer re-reads its position.
"""


class Log(Protocol):
    """Durable, ordered per key."""

    async def append(self, topic: Topic, records: Sequence[NewRecord]) -> None:
        """Return once all records are durable. Raises LogUnavailableError within APPEND_SECONDS."""
        ...

    async def consume(self, topic: Topic, consumer: str, handle: BatchHandler, *, max_records: int = 500) -> None:
        """Feed batches to `handle` from the consumer's stored position on, until cancelled."""
        ...

    def scan(self, topic: Topic, *, page: int = 2000) -> AsyncGenerator[Sequence[LogRecord]]:
        """All it still holds of a topic up to now, partition by partition, oldest first. Moves no position."""
        ...

    async def check(self) -> None:
        """Can it append right now? Raises LogUnavailableError."""
        ...

    async def lag(self, topic: Topic, consumer: str) -> int:
        """Records after the consumer's position."""
        ...

    async def verify(self, topic: Topic, consumer: str) -> None:
        """Is it the log that the consumer read, as far as it did? Raises PositionMismatchError, LogUnavailableError."""
        ...

    async def close(self) -> None:
        """Flush and let go."""
        ...
