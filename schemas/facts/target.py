"""Facts of service targets: how soon an incident of a priority shall be answered and solved."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.incident import Priority
from schemas.facts.kind import Fact, fact
from schemas.ids import scoped_id


@fact("target.set.v1")
class TargetSet(Fact, frozen=True, kw_only=True):
    """From now on, incidents of this priority have these times, counted from their opening; None: no such target."""

    target: UUID  # target_id(priority)
    priority: Priority
    first_response_seconds: int | None = None
    resolution_seconds: int | None = None
    by: str
    at: datetime


def target_id(priority: Priority) -> UUID:
    """The stream of a priority's targets."""
    return scoped_id("target", priority.value)
