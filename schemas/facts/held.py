"""Facts of a record in quarantine: what a person decided about it. Never what it says, nor who sent it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


class _Decided(Fact, frozen=True, kw_only=True):
    """`held`: the record; `channel` and `reason`: as it was kept."""

    held: UUID
    channel: str
    reason: str
    by: str
    at: datetime

    @property
    def name(self) -> str:
        """What it is called where it is listed."""
        return str(self.held)


@fact("held.reprocessed.v1")
class HeldReprocessed(_Decided, frozen=True, kw_only=True):
    """It was put on its log again, to be judged as if it came now."""


@fact("held.released.v1")
class HeldReleased(_Decided, frozen=True, kw_only=True):
    """A person let it in as it is: on its log again, and what held it holds it no more."""


@fact("held.discarded.v1")
class HeldDiscarded(_Decided, frozen=True, kw_only=True):
    """It was given up. Why stands with the record, while that is kept."""


@fact("held.restored.v1")
class HeldRestored(_Decided, frozen=True, kw_only=True):
    """What was given up waits for a person again."""
