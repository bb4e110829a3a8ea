"""Blobs that nothing names: left by a process that died between blob and record, by a mail taken in twice.

Old ones only. A blob is written before what names it, so one of thirty days that no fact names could be named only
by a record that waits as long on a log, or in quarantine: the first stops the clean-up, the second is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from eventstore import positions
from eventstore.database import Connection
from eventstore.log_tables import PARTITION, tables
from schemas.errors import OperatorError, RetryableError
from schemas.ids import keyed_id
from services.drafts import uploads
from services.privacy import article_files, named, quarantined
from services.wiring import Hub

KEPT = timedelta(days=30)
SHARDS = tuple(f"{number:02x}" for number in range(256))
"""The first two digits of a blob's id: a store is gone through in so many parts."""

_MARGIN = timedelta(days=1)  # clocks differ, and a blob is a little older than its record
_PAGE = 1_000


class LogStandsStillError(RetryableError):
    """A record waits so long to be handled that the blob it names may be an old one."""


class ForeignBlobsError(OperatorError):
    """The blob store is another hub's: what nothing names here may be named there."""


async def find(hub: Hub, *, now: datetime | None = None, shards: Sequence[str] = SHARDS) -> int:
    """How many there are. Raises LogStandsStillError, ForeignBlobsError."""
    return await _go_through(hub, now or datetime.now(UTC), shards, delete=False)


async def clean(hub: Hub, *, now: datetime | None = None, shards: Sequence[str] = SHARDS) -> int:
    """Delete them; returns how many. Killed at any moment, or done by two at once, it does no harm. Raises likewise."""
    return await _go_through(hub, now or datetime.now(UTC), shards, delete=True)


async def _go_through(hub: Hub, now: datetime, shards: Sequence[str], *, delete: bool) -> int:
    if not await asyncio.to_thread(hub.blobs.claim, str(keyed_id(hub.secret, "blobs"))):
        raise ForeignBlobsError("CAUCE_BLOBS is another hub's too: give each hub a store of its own")
    await hub.database.run(_refuse_old_records, now - KEPT + _MARGIN)
    # before the index: what an agent sends meanwhile goes from here to the facts
    uploaded = await hub.database.run(uploads.blobs)
    uploaded |= await hub.database.run(article_files.named, hub.keys)
    await named.catch_up(hub.database, hub.keys)
    since = await hub.database.run(_hub_made)
    found = 0
    for shard in shards:
        old = await asyncio.to_thread(hub.blobs.stored_before, now - KEPT, since=since, shard=shard)
        while page := await asyncio.to_thread(_next_page, old):
            orphans = await hub.database.run(_orphans, page) - uploaded
            found += len(orphans)
            if delete and orphans:
                await asyncio.to_thread(hub.blobs.delete, orphans)
                await hub.database.run(named.forget, orphans)
    return found


def _next_page(blobs: Iterator[str]) -> list[str]:
    return list(islice(blobs, _PAGE))


def _orphans(connection: Connection, blobs: Sequence[str]) -> set[str]:
    """In this order: what is put on the log again goes from the quarantine to the facts, and stays in both."""
    left = named.unnamed(connection, blobs)
    return left - quarantined.named(connection) if left else left


def _refuse_old_records(connection: Connection, moment: datetime) -> None:
    for table in tables():
        behind = positions.furthest_behind(connection, table.topic.name, PARTITION) or 0
        waiting = table.oldest_from(connection, behind)
        if waiting is not None and waiting < moment:
            raise LogStandsStillError(
                f"a record on {table.topic.name} waits since {waiting:%Y-%m-%d}: nothing is cleaned"
            )


def _hub_made(connection: Connection) -> datetime:
    """What is older than the hub is not its own: somebody gave it a store that was in use."""
    row = connection.execute("SELECT created_at FROM hub").fetchone()
    made: datetime = row[0] if row else datetime.now(UTC)
    return made
