"""Files an agent has uploaded and not sent yet. Owns `uploads`; the bytes lie in the blob store before the row does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from schemas.errors import InvalidError, TooLargeError
from schemas.ids import new_id
from schemas.interaction import Attachment
from services.customers import doom

ONE_MESSAGE_MAX_BYTES = 20 * 1024 * 1024
"""All files of one reply: as mail they grow by a third, and many servers stop at 30 MB."""
FILES_MAX = 10
_KEPT = timedelta(days=7)


class Upload(msgspec.Struct, frozen=True):
    """A file that waits to be sent."""

    id: UUID
    name: str
    bytes: int
    media_type: str
    at: datetime


def keep(connection: Connection, files: Sequence[Attachment], *, by: str, address: UUID | None) -> list[Upload]:
    """Remember files whose bytes are durable. What nobody sent in a week goes."""
    expire(connection)
    ids = [new_id() for _ in files]
    connection.execute(
        "INSERT INTO uploads (id, by, address, name, bytes, media_type, blob)"
        " SELECT id, %s, %s, name, bytes, media_type, blob"
        " FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::text[], %s::text[])"
        " AS file (id, name, bytes, media_type, blob)",
        (
            by,
            address,
            ids,
            [file.name for file in files],
            [file.bytes for file in files],
            [file.media_type for file in files],
            [file.blob for file in files],
        ),
    )
    return named(connection, ids, by=by)


def expire(connection: Connection) -> int:
    """What nobody sent in a week goes; returns how many."""
    gone = connection.execute("DELETE FROM uploads WHERE at < now() - %s RETURNING blob", (_KEPT,)).fetchall()
    doom.doom(connection, [blob for (blob,) in gone])
    return len(gone)


def blobs(connection: Connection) -> set[str]:
    """All that they name."""
    return {blob for (blob,) in connection.execute("SELECT blob FROM uploads").fetchall()}


def named(connection: Connection, uploads: Sequence[UUID], *, by: str) -> list[Upload]:
    """Those of them that are still there, in the order asked for."""
    with connection.cursor(row_factory=class_row(Upload)) as reader:
        rows = reader.execute(
            "SELECT id, name, bytes, media_type, at FROM uploads WHERE id = ANY(%s) AND by = %s", (list(uploads), by)
        ).fetchall()
    found = {row.id: row for row in rows}
    return [found[upload] for upload in uploads if upload in found]


def claim(connection: Connection, uploads: Collection[UUID], *, by: str) -> tuple[Attachment, ...]:
    """Take them for a message: their rows go, in its transaction. Raises InvalidError for one that isn't there."""
    wanted = list(dict.fromkeys(uploads))
    if not wanted:
        return ()
    if len(wanted) > FILES_MAX:
        raise InvalidError(f"at most {FILES_MAX} files", field="attachments")
    rows: Sequence[tuple[UUID, str, int, str, str]] = connection.execute(
        "DELETE FROM uploads WHERE id = ANY(%s) AND by = %s RETURNING id, name, bytes, media_type, blob", (wanted, by)
    ).fetchall()
    found = {
        upload: Attachment(name=name, bytes=size, media_type=kind, blob=blob) for upload, name, size, kind, blob in rows
    }
    missing = [upload for upload in wanted if upload not in found]
    if missing:
        raise InvalidError(
            f"there is no upload {missing[0]} of yours: it was sent, or is older than a week", field="attachments"
        )
    total = sum(file.bytes for file in found.values())
    if total > ONE_MESSAGE_MAX_BYTES:
        raise TooLargeError(f"the files of one message have at most {ONE_MESSAGE_MAX_BYTES} bytes, these {total}")
    return tuple(found[upload] for upload in wanted)


def discard(connection: Connection, upload: UUID, *, by: str) -> bool:
    """Not to be sent after all. False: there was none."""
    rows = connection.execute("DELETE FROM uploads WHERE id = %s AND by = %s RETURNING blob", (upload, by)).fetchall()
    doom.doom(connection, [blob for (blob,) in rows])
    return bool(rows)


def forget(connection: Connection, addresses: Collection[UUID]) -> set[str]:
    """What was uploaded for people who are erased; returns its blobs."""
    rows = connection.execute(
        "DELETE FROM uploads WHERE address = ANY(%s) RETURNING blob", (list(addresses),)
    ).fetchall()
    return {blob for (blob,) in rows}
