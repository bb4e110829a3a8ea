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
from schemas.codec import personal_class
from schemas.errors import RetryableError
from schemas.facts import REGISTRY, Fact, Personal
from schemas.facts.interaction import InteractionContent
from schemas.facts.teamwork import Files

_NAMING = (InteractionContent, Files)
"""The personal parts that name blobs; a test finds one that is forgotten here."""

KINDS = tuple(name for name, kind in REGISTRY.items() if issubclass(personal_class(kind) or Personal, _NAMING))
"""The stored types whose facts name blobs."""

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
    events = store.read_types_after(connection, position, _PAGE, KINDS, until=until)
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


def blobs_of(fact: Fact) -> set[str]:
    """What a fact names; nothing once its person is erased."""
    personal: object = getattr(fact, "personal", None)
    match personal:
        case InteractionContent():
            return {
                blob for blob in (personal.html, personal.raw, *(file.blob for file in personal.attachments)) if blob
            }
        case Files():
            return {file.blob for file in personal.attachments}
        case _:
            return set()


def _named_by(event: Recorded, keys: Keys) -> Iterator[tuple[str, UUID]]:
    fact = event.fact(keys)
    for blob in blobs_of(fact):
        if _ID.fullmatch(blob):
            address: UUID = getattr(fact, "address")  # noqa: B009 -- every fact with a personal part has one
            yield blob, address


def _add(connection: Connection, found: Sequence[tuple[str, UUID]]) -> None:
    if found:
        connection.execute(
            "INSERT INTO named_blobs (blob, address) SELECT * FROM unnest(%b::uuid[], %b::uuid[])"
            " ON CONFLICT DO NOTHING",
            (Uuids(UUID(hex=blob) for blob, _ in found), Uuids(address for _, address in found)),
        )
