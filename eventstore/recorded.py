"""A fact as the store holds it: its place in the one global order, and its bytes, still sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from schemas.codec import Keyring, decode
from schemas.facts import Fact


class NewEvent(msgspec.Struct, frozen=True):
    """A fact encoded for its stream. `version` counts from 1 in each stream: a taken one means somebody was faster.

    `recorded_at` only for entering old history; otherwise the database's clock says it.
    """

    stream: str
    version: int
    type: str
    data: bytes
    causation: UUID | None = None
    correlation: UUID | None = None
    recorded_at: datetime | None = None


class Recorded(msgspec.Struct, frozen=True):
    """A stored event. `position` is its place in the global order, `recorded_at` the database's clock."""

    position: int
    stream: str
    version: int
    type: str
    data: bytes
    recorded_at: datetime
    causation: UUID | None = None
    correlation: UUID | None = None

    def fact(self, keyring: Keyring) -> Fact:
        """What happened. Raises DecodeError."""
        return decode(self.type, self.stream, self.data, keyring)
