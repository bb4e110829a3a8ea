"""Blobs of erased people: named in the transaction of the erasure, deleted after it, however often that takes."""

from __future__ import annotations

from collections.abc import Collection

from eventstore.database import Connection


def doom(connection: Connection, blobs: Collection[str]) -> None:
    """These are to be deleted once this transaction is durable."""
    if blobs:
        connection.execute(
            "INSERT INTO doomed_blobs (blob) SELECT * FROM unnest(%s::text[]) ON CONFLICT DO NOTHING", (list(blobs),)
        )


def doomed(connection: Connection) -> list[str]:
    """What is still to be deleted."""
    return [blob for (blob,) in connection.execute("SELECT blob FROM doomed_blobs ORDER BY blob").fetchall()]


def deleted(connection: Connection, blobs: Collection[str]) -> None:
    """These are gone."""
    connection.execute("DELETE FROM doomed_blobs WHERE blob = ANY(%s)", (list(blobs),))
