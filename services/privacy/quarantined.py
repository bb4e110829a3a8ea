"""What quarantine holds of people who are erased, and of what was settled long ago: found, named and blanked.

Beside services/quarantine.py, whose table it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from channels.email.receiving.reception import decode_mail
from channels.intake import decode_item
from eventstore.database import Connection
from eventstore.log import LogRecord
from schemas.address import handle_of
from schemas.errors import DecodeError
from schemas.interaction import Interaction
from schemas.topics import MAIL

SETTLED_KEPT = timedelta(days=30)
_BLANKED_AT_ONCE = 500


def forget(connection: Connection, handles: Collection[str], *, by: str) -> set[str]:
    """Blank what these senders wrote, whatever became of it: they are erased. Returns the blobs it names.

    `handles` as people write them, in lower case: a sender stands here with its kind or, from an envelope, without.
    """
    rows: Sequence[tuple[str, bytes]] = connection.execute(
        "WITH theirs AS (SELECT id, topic, raw FROM quarantine WHERE lower(sender) = ANY(%(senders)s) FOR UPDATE)"
        " UPDATE quarantine SET raw = '', sender = '', error = '', headers = '{}', note = 'erased',"
        " state = 'discarded', resolved_at = now(), resolved_by = %(by)s"
        " FROM theirs WHERE quarantine.id = theirs.id RETURNING theirs.topic, theirs.raw",
        {"senders": [*handles, *(handle_of(handle) for handle in handles)], "by": by},
        binary=True,
    ).fetchall()
    return {blob for topic, value in rows for blob in _blobs_of(topic, value) if blob}


def named(connection: Connection) -> set[str]:
    """Every blob that something here names, whatever became of it: reprocessed, it may not be a fact yet."""
    rows: Iterator[tuple[str, bytes]] = iter(
        connection.execute("SELECT topic, raw FROM quarantine WHERE raw <> ''", binary=True)
    )
    return {blob for topic, value in rows for blob in _blobs_of(topic, value) if blob}


def records(connection: Connection) -> list[LogRecord]:
    """All that still says something, as its log had it."""
    rows: Sequence[tuple[UUID, bytes, Mapping[str, str]]] = connection.execute(
        "SELECT id, raw, headers FROM quarantine WHERE raw <> ''", binary=True
    ).fetchall()
    return [LogRecord(held, 0, 0, bytes(value), headers) for held, value, headers in rows]


def blank(connection: Connection, ids: Collection[UUID]) -> int:
    """What these say is an erased person's, and facts that can't be read any more; returns how many."""
    return connection.execute(
        "UPDATE quarantine SET raw = '', sender = '', error = '', headers = '{}', note = 'erased'"
        " WHERE id = ANY(%s) AND raw <> ''",
        (list(ids),),
    ).rowcount


def blank_settled(connection: Connection) -> int:
    """What was reprocessed or discarded long ago keeps its place in the account, and no word; returns how many."""
    return connection.execute(
        "UPDATE quarantine SET raw = '', sender = '', error = '', headers = '{}' WHERE id IN (SELECT id FROM quarantine"
        " WHERE state IN ('reprocessed', 'discarded') AND resolved_at < now() - %s AND raw <> '' LIMIT %s)",
        (SETTLED_KEPT, _BLANKED_AT_ONCE),
    ).rowcount


def _blobs_of(topic: str, value: bytes) -> Iterator[str]:
    try:
        if topic == MAIL.name:
            yield decode_mail(value).blob
            return
        item = decode_item(value)
    except DecodeError:
        return  # what can't be read names nothing
    if isinstance(item, Interaction):
        yield from (item.html, item.raw, *(file.blob for file in item.attachments))
