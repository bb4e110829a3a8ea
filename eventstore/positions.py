"""How far each consumer of a log has come: moved by compare-and-set in the transaction that handled the batch.

The log feeds from here on every start, so what a log itself remembers of its consumers is advice and nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from eventstore.database import Connection
from eventstore.log import Batch
from schemas.errors import StalePositionError


@dataclass(frozen=True, slots=True)
class Position:
    """`next`: offset of the next record to read. `last_id`: id of the record before it, where that is known."""

    next: int
    last_id: UUID | None


def stored(connection: Connection, consumer: str, topic: str) -> dict[int, Position]:
    """The consumer's position in each partition it has read from."""
    rows: Sequence[tuple[int, int, UUID | None]] = connection.execute(
        "SELECT partition, next, last_id FROM positions WHERE consumer = %s AND topic = %s", (consumer, topic)
    ).fetchall()
    return {partition: Position(next_, last_id) for partition, next_, last_id in rows}


def read(connection: Connection, consumer: str, topic: str) -> dict[int, int]:
    """Offset of the next record to read, by partition; a partition never read from is absent."""
    return {partition: position.next for partition, position in stored(connection, consumer, topic).items()}


def advance(connection: Connection, batch: Batch) -> None:
    """Move over the batch, in the transaction that handled it. Raises StalePositionError: then that must not commit."""
    last_id = batch.records[-1].id if batch.records else None
    where = (batch.consumer, batch.topic, batch.partition)
    if batch.position == 0:  # nothing was stored when the batch was read
        moved = connection.execute(
            "INSERT INTO positions (consumer, topic, partition, next, last_id) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (*where, batch.next_position, last_id),
        )
    else:
        moved = connection.execute(
            "UPDATE positions SET next = %s, last_id = %s, moved_at = now()"
            " WHERE consumer = %s AND topic = %s AND partition = %s AND next = %s",
            (batch.next_position, last_id, *where, batch.position),
        )
    if moved.rowcount != 1:
        msg = f"{batch.consumer} is no longer at {batch.position} of {batch.topic}[{batch.partition}]"
        raise StalePositionError(msg)


def furthest_behind(connection: Connection, topic: str, partition: int = 0) -> int | None:
    """The least position of all consumers of a partition; None while it has none."""
    row = connection.execute(
        "SELECT min(next) FROM positions WHERE topic = %s AND partition = %s", (topic, partition)
    ).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else None
