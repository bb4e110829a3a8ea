"""The topic `quarantine`, fed from the table: that a record is held and why, for alarms. At least once, by its id.

Neither its bytes nor its sender leave the hub this way: a person with the right reads them at `/quarantine/{id}/raw`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from eventstore.database import Connection, Database
from eventstore.kafka_client import Producer
from schemas import cloudevents
from schemas.held import Announced

_PAGE = 100
TYPE = "quarantine.held.v1"


async def announce(database: Database, producer: Producer, topic: str) -> int:
    """Send what is held and was not announced; returns how many. Raises KafkaError."""
    held = await database.run(_unannounced)
    acks = [
        await producer.send(
            topic,
            msgspec.json.encode(each),
            each.id.bytes,
            headers=[(name, value.encode()) for name, value in _attributes(each).items()],
        )
        for each in held
    ]
    await asyncio.gather(*acks)
    if held:
        await database.run(_mark, [each.id for each in held])
    return len(held)


def _attributes(each: Announced) -> dict[str, str]:
    return cloudevents.headers(
        cloudevents.attributes(
            event_id=str(each.id), type_name=TYPE, subject=f"quarantine/{each.id}", time=each.received_at
        )
    )


def _unannounced(connection: Connection) -> list[Announced]:
    rows: Sequence[tuple[UUID, str, str, datetime, str, str, int]] = connection.execute(
        "SELECT id, channel, topic, received_at, reason, error, octet_length(raw) FROM quarantine"
        " WHERE NOT announced ORDER BY received_at LIMIT %s",
        (_PAGE,),
    ).fetchall()
    return [Announced(*row) for row in rows]


def _mark(connection: Connection, ids: Sequence[UUID]) -> None:
    connection.execute("UPDATE quarantine SET announced = true WHERE id = ANY(%s)", (list(ids),))
