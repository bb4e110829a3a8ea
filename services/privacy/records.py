"""Records of erased people that the embedded log still holds: blanked in parts, after the erasure, off any lock.

Which records are whose is read from the facts they became. Kafka's records can't be changed: its retention ends them.
Owns the table `forgetting`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from channels.intake import decode_item
from eventstore import store
from eventstore.database import Connection, Database
from eventstore.log import LogRecord
from eventstore.log_tables import LogTable, tables
from eventstore.packed import Uuids
from schemas.codec import sealed_by
from schemas.errors import DecodeError
from schemas.facts import stream_id
from schemas.ids import uuid_of
from schemas.interaction import CallSignal, Channel
from services.privacy import quarantined

_PAGE = 1_000


def remember(connection: Connection, addresses: Collection[UUID]) -> None:
    """Their records are to be blanked once this transaction is durable."""
    connection.execute(
        "INSERT INTO forgetting (address) SELECT * FROM unnest(%b::uuid[]) ON CONFLICT DO NOTHING",
        (Uuids(addresses),),
    )


async def forget(database: Database) -> int:
    """Blank the records of all who were erased; returns how many. Killed in between, the next call begins again."""
    gone = frozenset(await database.run(_remembered))
    if not gone:
        return 0
    blanked = await database.run(_blank_held, gone)
    for table in tables():
        position = 0
        while records := await database.run(table.read, position, _PAGE):
            position = records[-1].offset + 1
            blanked += await database.run(_blank, table, records, gone)
    await database.run(_done, gone)
    return blanked


def _remembered(connection: Connection) -> list[UUID]:
    return [address for (address,) in connection.execute("SELECT address FROM forgetting").fetchall()]


def _done(connection: Connection, addresses: Collection[UUID]) -> None:
    connection.execute("DELETE FROM forgetting WHERE address = ANY(%b)", (Uuids(addresses),))


def _blank(connection: Connection, table: LogTable, records: Sequence[LogRecord], gone: Collection[UUID]) -> int:
    theirs = _theirs(connection, records, gone) | _given_up(connection, [record.id for record in records])
    return table.blank(connection, [record.offset for record in records if record.id in theirs]) if theirs else 0


def _blank_held(connection: Connection, gone: Collection[UUID]) -> int:
    """In quarantine once, and facts since: those of unknown senders are found by what they became."""
    return quarantined.blank(connection, _theirs(connection, quarantined.records(connection), gone))


def _theirs(connection: Connection, records: Sequence[LogRecord], gone: Collection[UUID]) -> set[UUID]:
    became = {record.id: stream for record in records for stream in _stream_of(record)}
    first = _sealed_by(connection, set(became.values()))
    return {record for record, stream in became.items() if first.get(stream) in gone}


def _stream_of(record: LogRecord) -> Iterator[str]:
    """Whose first fact says whose the record is."""
    if record.headers.get("channel") != Channel.PHONE:
        yield stream_id("interaction", record.id)
        return
    try:
        item = decode_item(record.value)
    except DecodeError:
        return
    yield stream_id("call", item.call) if isinstance(item, CallSignal) else stream_id("interaction", item.id)


def _sealed_by(connection: Connection, streams: Collection[str]) -> Mapping[str, UUID | None]:
    return {event.stream: _address_of(event.data) for event in store.first_of(connection, list(streams))}


def _address_of(data: bytes) -> UUID | None:
    try:
        address = sealed_by(data)
    except (DecodeError, msgspec.MsgspecError):
        return None
    return None if address is None else uuid_of(address)


def _given_up(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT id FROM quarantine WHERE id = ANY(%b) AND note = 'erased'", (Uuids(ids),), binary=True
    ).fetchall()
    return {held for (held,) in rows}
