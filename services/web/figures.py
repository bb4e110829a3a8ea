"""What the database knows about the hub's state, read when `/metrics` or `/readyz` is asked. Every process may ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventstore import received, store
from eventstore.database import Connection
from projections import reading
from projections.reading import Lag
from services.deliveries import queue
from services.relay.checkpoint import relay_position


@dataclass(frozen=True, slots=True)
class Figures:
    """`relay`: the position it has come to. `received`: contacts and messages handled so far, by channel."""

    position: int
    received: Mapping[str, int]
    projections: Sequence[Lag]
    quarantined: int
    deliveries: Mapping[str, int]
    relay: int


def read(connection: Connection) -> Figures:
    """All of them, as of one moment."""
    held: tuple[int] | None = connection.execute("SELECT count(*) FROM quarantine WHERE state = 'held'").fetchone()
    return Figures(
        position=store.last_position(connection),
        received=_received(connection),
        projections=reading.states(connection),
        quarantined=held[0] if held else 0,
        deliveries=queue.unsent(connection),
        relay=relay_position(connection),
    )


def _received(connection: Connection) -> Mapping[str, int]:
    """Whatever process took them in; history that was entered is no intake."""
    found: Counter[str] = Counter()
    for source, channels in received.totals(connection).items():
        if source != received.HISTORY:
            found.update({channel: records for channel, (records, _) in channels.items()})
    return found
