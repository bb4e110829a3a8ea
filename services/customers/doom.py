"""Blobs of erased people: named in the transaction of the erasure, deleted after it, however often that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from eventstore.blobs import Blobs
from eventstore.database import Connection, Database
from services.privacy import named

_AT_ONCE = 500


def doom(connection: Connection, blobs: Collection[str]) -> None:
    """These are to be deleted once this transaction is durable."""
    if blobs:
        connection.execute(
            "INSERT INTO doomed_blobs (blob) SELECT * FROM unnest(%s::text[]) ON CONFLICT DO NOTHING", (list(blobs),)
        )


async def carry_out(database: Database, blobs: Blobs) -> int:
    """Delete all that is doomed, some at a time; returns how many. Killed in between, the rest is still doomed.

    Raises BlobUnavailableError.
    """
    gone = 0
    while some := await database.run(_doomed):
        await asyncio.to_thread(blobs.delete, some)
        await database.run(_deleted, some)
        gone += len(some)
    return gone


def waiting(connection: Connection) -> int:
    """How many are still to be deleted."""
    row = connection.execute("SELECT count(*) FROM doomed_blobs").fetchone()
    return int(row[0]) if row else 0


def _doomed(connection: Connection) -> list[str]:
    rows: Sequence[tuple[str]] = connection.execute(
        "SELECT blob FROM doomed_blobs ORDER BY blob LIMIT %s", (_AT_ONCE,)
    ).fetchall()
    return [blob for (blob,) in rows]


def _deleted(connection: Connection, blobs: Collection[str]) -> None:
    connection.execute("DELETE FROM doomed_blobs WHERE blob = ANY(%s)", (list(blobs),))
    named.forget(connection, blobs)
