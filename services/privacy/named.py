"""Which blobs facts name, and whose they are: an index kept up from the facts themselves, a bounded page at a time.

Asked by the erasure (services/customers/handle.py) and by the clean-up (orphans.py). Owns the table `named_blobs`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.keys import Keys
from eventstore.packed import Uuids
from eventstore.recorded import Recorded
from schemas.errors import RetryableError
from schemas.facts.interaction import InteractionContent, InteractionReceived, InteractionSent

_KINDS = (InteractionReceived.type_name, InteractionSent.type_name)
_PAGE = 1_000
_SPAN = 20_000  # positions looked over in one statement, whatever they hold
_PAGES_UNDER_THE_LOCK = 3
_ID = re.compile(r"[0-9a-f]{32}")


class BehindError(RetryableError):
    """Too much happened since the index was last kept up to do it under the store's lock."""


async def catch_up(database: Database, keys: Keys) -> None:
    """Look at every fact recorded so far: each page a transaction of its own, so killed in between nothing is lost."""
    until = await database.run(store.last_position)
    position = -1
    while position < until:
        position = await database.run(step, keys)


def finish(connection: Connection, keys: Keys) -> None:
    """The few facts since `catch_up`, under the store's lock: then the index holds all. Raises BehindError."""
    until = store.last_position(connection)
    for _ in range(_PAGES_UNDER_THE_LOCK):
        if step(connection, keys) >= until:
            return
    raise BehindError("the index of blobs is behind")


def step(connection: Connection, keys: Keys) -> int:
    """One page further; returns the position come to. Raises DecodeError for a fact that can't be read."""
    row = connection.execute("SELECT value FROM counters WHERE name = 'named_blobs' FOR UPDATE").fetchone()
    position = int(row[0]) if row else 0
    until = min(store.last_position(connection), position + _SPAN)
    if until <= position:
        return position
    events = store.read_types_after(connection, position, _PAGE, _KINDS, until=until)
    keys.prefetch(connection, events)
    _add(connection, [named for event in events for named in _named_by(event, keys)])
    position = events[-1].position if len(events) == _PAGE else until
    connection.execute("UPDATE counters SET value = %s WHERE name = 'named_blobs'", (position,))
    return position


def unnamed(connection: Connection, blobs: Sequence[str]) -> set[str]:
    """Those that no fact names, or none that can still be read: its key was destroyed."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT blob FROM named_blobs JOIN keys USING (address) WHERE blob = ANY(%b) AND secret IS NOT NULL",
        (Uuids(UUID(hex=blob) for blob in blobs),),
        binary=True,
    ).fetchall()
    return set(blobs) - {blob.hex for (blob,) in rows}


def theirs(connection: Connection, addresses: Collection[UUID]) -> set[str]:
    """Every blob of a fact that these addresses' keys seal. After `finish`."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT blob FROM named_blobs WHERE address = ANY(%b)", (Uuids(addresses),), binary=True
    ).fetchall()
    return {blob.hex for (blob,) in rows}


def forget(connection: Connection, blobs: Collection[str]) -> None:
    """These are deleted."""
    ids = Uuids(UUID(hex=blob) for blob in blobs if _ID.fullmatch(blob))
    connection.execute("DELETE FROM named_blobs WHERE blob = ANY(%b)", (ids,))


def blobs_in(content: InteractionContent) -> set[str]:
    """What hangs on an interaction."""
    return {blob for blob in (content.html, content.raw, *(file.blob for file in content.attachments)) if blob}


def _named_by(event: Recorded, keys: Keys) -> Iterator[tuple[str, UUID]]:
    fact = event.fact(keys)
    if isinstance(fact, InteractionReceived | InteractionSent) and fact.personal is not None:
        for blob in blobs_in(fact.personal):
            if _ID.fullmatch(blob):
                yield blob, fact.address


def _add(connection: Connection, found: Sequence[tuple[str, UUID]]) -> None:
    if found:
        connection.execute(
            "INSERT INTO named_blobs (blob, address) SELECT * FROM unnest(%b::uuid[], %b::uuid[])"
            " ON CONFLICT DO NOTHING",
            (Uuids(UUID(hex=blob) for blob, _ in found), Uuids(address for _, address in found)),
        )
