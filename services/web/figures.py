"""What the database knows about the hub's state, read when `/metrics` or `/readyz` is asked. Every process may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventstore import store
from eventstore.database import Connection
from projections import reading
from projections.reading import Lag
from services.deliveries import queue
from services.relay.checkpoint import relay_position


@dataclass(frozen=True, slots=True)
class Figures:
    """`relay`: the position it has come to, None where none has ever run."""

    position: int
    projections: Sequence[Lag]
    quarantined: int
    deliveries: Mapping[str, int]
    relay: int | None


def read(connection: Connection) -> Figures:
    """All of them, as of one moment."""
    held: tuple[int] | None = connection.execute("SELECT count(*) FROM quarantine WHERE state = 'held'").fetchone()
    return Figures(
        position=store.last_position(connection),
        projections=reading.states(connection),
        quarantined=held[0] if held else 0,
        deliveries=queue.unsent(connection),
        relay=relay_position(connection),
    )
