"""A ledger that enters old history: each fact was recorded when it happened, not now. Only for the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from eventstore import store
from eventstore.database import Connection
from eventstore.ledger import Cause, Ledger
from eventstore.recorded import NewEvent
from schemas.codec import encode
from schemas.facts import Fact, stream_of


class HistoryLedger(Ledger):
    """As its parent, but `recorded_at` is the fact's own time."""

    def record(
        self, connection: Connection, facts: Sequence[tuple[Fact, Cause]], versions: Mapping[str, int]
    ) -> list[int]:
        """Append facts in order, as recorded when they happened; returns their positions."""
        sealing: set[UUID] = {
            getattr(fact, "address")  # noqa: B009 -- every fact with a personal part has one
            for fact, _ in facts
            if getattr(fact, "personal", None) is not None
        }
        self.keys.ensure(connection, sealing)
        last = dict(versions)
        events: list[NewEvent] = []
        for fact, cause in facts:
            stream = stream_of(fact)
            version = last[stream] = last.get(stream, 0) + 1
            events.append(
                NewEvent(
                    stream,
                    version,
                    fact.type_name,
                    encode(fact, self.keys),
                    cause.causation,
                    cause.correlation,
                    recorded_at=happened_at(fact),
                )
            )
        return store.append(connection, events)


def happened_at(fact: Fact) -> datetime:
    """When it happened, by its own word."""
    found = getattr(fact, "at", None) or getattr(fact, "received_at", None)
    return found if isinstance(found, datetime) else datetime.now(UTC)
