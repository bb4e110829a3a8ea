"""Facts of thresholds: the critical value of a figure, as the company has set it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact
from schemas.ids import scoped_id


@fact("threshold.set.v1")
class ThresholdSet(Fact, frozen=True, kw_only=True):
    """From now on the figure of this name is measured by this value."""

    threshold: UUID  # threshold_id(name)
    name: str
    value: int
    by: str
    at: datetime


def threshold_id(name: str) -> UUID:
    """The stream of a threshold."""
    return scoped_id("threshold", name)
