"""Relay: events from the store to the topic, against a bare pipelined idempotent producer of the same records."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from bench.bare_producer import produce
from bench.measure import Figure, against
from bench.parts import fresh_database
from eventstore import kafka_topics, store
from eventstore.database import Connection, Database
from eventstore.kafka_records import event_headers
from eventstore.local_kafka import LocalKafka
from eventstore.recorded import NewEvent, Recorded
from schemas.topics import EVENTS
from services.relay import relay_position, run_relay

_EVENTS = 40_000
_PAGE = 2_000


def figures(cluster_url: str) -> list[Figure]:
    """One figure."""
    with tempfile.TemporaryDirectory(prefix="cauce-bench-kafka-") as folder, fresh_database(cluster_url) as database:
        kafka = LocalKafka(Path(folder))
        bootstrap = kafka.start()
        try:
            return [_relay(database, bootstrap)]
        finally:
            kafka.stop()


def _relay(database: Database, bootstrap: str) -> Figure:
    data, epoch = os.urandom(400), str(uuid4()).encode()
    new = [
        NewEvent(f"incident/{uuid4()}", 1, "incident.interaction_linked.v1", data, uuid4(), uuid4())
        for _ in range(_EVENTS)
    ]

    def ours() -> float:
        with database.transaction() as connection:
            _begin_with(connection, new)
        return asyncio.run(_relayed(database, bootstrap, f"bench-{uuid4().hex[:8]}."))

    def limit() -> float:
        topics = asyncio.run(kafka_topics.prepare(bootstrap, f"bench-{uuid4().hex[:8]}.", database))
        now = datetime.now(UTC)
        events = [
            Recorded(at, each.stream, 1, each.type, data, now, each.causation, each.correlation)
            for at, each in enumerate(new, 1)
        ]
        records = [(each.stream.encode(), data, event_headers(each, each.position - 1, epoch)) for each in events]
        return asyncio.run(produce(bootstrap, topics.name_of(EVENTS), records))

    return against(
        "relay",
        "events/s",
        limit=limit,
        ours=ours,
        target="≥ 0.5",
        note=f"{_EVENTS:,} events of 400 bytes; the limit sends records made beforehand, headers and all",
    )


def _begin_with(connection: Connection, events: Sequence[NewEvent]) -> None:
    connection.execute("TRUNCATE events RESTART IDENTITY")
    connection.execute("DELETE FROM positions")
    for start in range(0, len(events), _PAGE):
        store.append(connection, events[start : start + _PAGE])


async def _relayed(database: Database, bootstrap: str, prefix: str) -> float:
    """Events a second from the first that Kafka has to the last."""
    await kafka_topics.prepare(bootstrap, prefix, database)
    relay = asyncio.create_task(run_relay(database, bootstrap, prefix))
    first = await _until(database, 1)
    began = time.perf_counter()
    last = await _until(database, _EVENTS)
    took = time.perf_counter() - began
    relay.cancel()
    await asyncio.wait({relay})
    return (last - first) / took


async def _until(database: Database, wanted: int) -> int:
    while (position := await database.run(relay_position)) < wanted:  # noqa: ASYNC110 -- another connection moves it
        await asyncio.sleep(0.002)
    return position
