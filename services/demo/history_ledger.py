"""A ledger that enters old history: each fact was recorded when it happened, not now. Only for the demo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from eventstore.ledger import Cause, Ledger
from eventstore.recorded import NewEvent
from schemas.facts import Fact


class HistoryLedger(Ledger):
    """As its parent, but `recorded_at` is the fact's own time."""

    def seal(self, facts: Iterable[tuple[Fact, Cause]], versions: Mapping[str, int]) -> list[NewEvent]:
        """Facts as `store.append` takes them, recorded when they happened."""
        listed = list(facts)
        sealed = super().seal(listed, versions)
        return [replace(event, recorded_at=happened_at(fact)) for event, (fact, _) in zip(sealed, listed, strict=True)]


def happened_at(fact: Fact) -> datetime:
    """When it happened, by its own word."""
    found = getattr(fact, "at", None) or getattr(fact, "received_at", None)
    return found if isinstance(found, datetime) else datetime.now(UTC)
