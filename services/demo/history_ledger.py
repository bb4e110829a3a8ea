"""A ledger that enters old history: each fact was recorded when it happened, not now. Only for the demo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from eventstore.ledger import Cause, Ledger
from eventstore.recorded import NewEvent
from schemas.facts import Fact


class HistoryLedger(Ledger):
    """As its parent, but `recorded_at` is the fact's own time."""

    def seal(self, facts: Sequence[tuple[Fact, Cause]], versions: Mapping[str, int]) -> Iterator[NewEvent]:
        """Facts as `store` takes them, recorded when they happened."""
        for event, (fact, _) in zip(super().seal(facts, versions), facts, strict=True):
            yield replace(event, recorded_at=happened_at(fact))


def happened_at(fact: Fact) -> datetime:
    """When it happened, by its own word."""
    found = getattr(fact, "at", None) or getattr(fact, "received_at", None)
    return found if isinstance(found, datetime) else datetime.now(UTC)
