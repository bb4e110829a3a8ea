"""The keys that seal personal data: one an address, made with the first fact that needs it, destroyed to erase."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore.database import Connection, Database
from eventstore.packed import Byteas, Uuids
from eventstore.recorded import Recorded
from schemas.codec import Stored, parts, read
from schemas.errors import DecodeError
from schemas.facts import Fact
from schemas.ids import uuid_of

_CACHE_KEYS = 50_000
_CACHE_SECONDS = 30.0  # after an erasure in another process, at most this long until we forget too

_number = attrgetter("int")  # orders as the UUIDs themselves do, in a fraction of the time

_Value = TypeVar("_Value")


class Keys:
    """A Keyring (schemas/codec.py) over the table `keys`, with a bounded, short-lived cache.

    A key made in a transaction is used there, and taken for good only once it was read back in another:
    when that transaction rolls back, nothing may ever be sealed with it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._cache: OrderedDict[UUID, tuple[float, AESGCM | None]] = OrderedDict()
        self._new: OrderedDict[UUID, AESGCM] = OrderedDict()

    def ensure(self, connection: Connection, addresses: Iterable[UUID]) -> None:
        """Make the keys that are missing, in this transaction, and have all of them at hand.

        The caller holds `store.lock`: what is sealed after an erasure has no personal part, whoever cached the key.
        """
        addresses = set(addresses)
        missing = sorted(addresses - self._read(connection, addresses), key=_number)
        if not missing:
            return
        # in order: two transactions that make the same keys wait for each other, and never in a ring
        secrets = {address: AESGCM.generate_key(256) for address in missing}
        made = connection.execute(
            "INSERT INTO keys (address, secret) SELECT * FROM unnest(%b::uuid[], %b::bytea[])"
            " ON CONFLICT DO NOTHING RETURNING address",
            (Uuids(missing), Byteas(secrets.values())),
            binary=True,
        ).fetchall()
        with self._guard:
            for (address,) in made:
                connection.made_keys.add(address)
                _put(self._new, address, AESGCM(secrets.pop(address)))
        self._read(connection, secrets)

    def load(self, connection: Connection, addresses: Iterable[UUID]) -> None:
        """Have these at hand, with one look-up: before decoding a batch. Unknown ones stay unknown."""
        oldest, cache = time.monotonic() - _CACHE_SECONDS, self._cache
        wanted = {address for address in addresses if (cached := cache.get(address)) is None or cached[0] < oldest}
        self._read(connection, wanted)

    def _read(self, connection: Connection, addresses: Collection[UUID]) -> set[UUID]:
        """Have these at hand as they stand in the table, whatever is cached; returns those that do."""
        if not addresses:
            return set()
        rows: Sequence[tuple[UUID, bytes | None]] = connection.execute(
            "SELECT address, secret FROM keys WHERE address = ANY(%b)", (Uuids(addresses),), binary=True
        ).fetchall()
        now = time.monotonic()
        with self._guard:
            for address, secret in rows:
                if address in connection.made_keys:
                    continue  # read back in the very transaction that may still undo it
                self._new.pop(address, None)
                _, known = self._cache.get(address, (now, None))
                _put(self._cache, address, (now, None if secret is None else known or AESGCM(secret)))
        return {address for address, _ in rows}

    def prefetch(self, connection: Connection, events: Sequence[Recorded]) -> None:
        """Have the keys of a page at hand, with one look-up at most: before its facts are decoded."""
        self.load(connection, _addresses([_parts(event) for event in events]))

    def facts(self, connection: Connection, events: Sequence[Recorded]) -> list[Fact | DecodeError]:
        """What happened in a page of events, each, or why it can't be read; with one look-up of keys at most."""
        stored = [_parts(event) for event in events]
        addresses = _addresses(stored)
        self.load(connection, addresses)
        at_hand: dict[bytes, AESGCM | None] = {}
        for address in addresses:
            with suppress(KeyError):  # reading what it sealed will say so
                at_hand[address.bytes] = self.open_key(address)
        found: list[Fact | DecodeError] = []
        for event, each in zip(events, stored, strict=True):
            try:
                found.append(
                    each if isinstance(each, DecodeError) else read(event.type, event.stream, each, at_hand.__getitem__)
                )
            except DecodeError as error:
                found.append(error)
        return found

    def destroy(self, connection: Connection, addresses: Iterable[UUID]) -> None:
        """Erase: what they sealed can never be read again. An address without a key gets a destroyed one."""
        gone = sorted(set(addresses))
        connection.execute(
            "INSERT INTO keys (address, secret, destroyed_at)"
            " SELECT address, NULL, now() FROM unnest(%s::uuid[]) AS address"
            " ON CONFLICT (address) DO UPDATE SET secret = NULL, destroyed_at = coalesce(keys.destroyed_at, now())",
            (gone,),
        )
        self.forget(gone)

    def forget(self, addresses: Iterable[UUID]) -> None:
        """Drop them from the cache."""
        with self._guard:
            for address in addresses:
                self._cache.pop(address, None)
                self._new.pop(address, None)

    def seal_key(self, address: UUID) -> AESGCM | None:
        """The key to write with; None once erased. Raises KeyError when `ensure` was not called."""
        with self._guard:
            if (made := self._new.get(address)) is not None:
                return made
            if (cached := self._cache.get(address)) is not None:  # however old: `ensure` has just looked at all of them
                return cached[1]
        return self.open_key(address)

    def open_key(self, address: UUID) -> AESGCM | None:
        """The key to read with; None once erased. Raises KeyError when there never was one."""
        with self._guard:
            cached = self._cache.get(address)
        if cached is not None and time.monotonic() - cached[0] <= _CACHE_SECONDS:
            return cached[1]
        with self._database.transaction() as connection:
            row: tuple[bytes | None] | None = connection.execute(
                "SELECT secret FROM keys WHERE address = %s", (address,)
            ).fetchone()
        with self._guard:
            if row is None:
                return self._new[address]  # made in a transaction that has not ended
            key = AESGCM(row[0]) if row[0] is not None else None
            self._new.pop(address, None)
            _put(self._cache, address, (time.monotonic(), key))
        return key


def is_destroyed(connection: Connection, address: UUID) -> bool:
    """Was whoever had this address under this id erased?"""
    row = connection.execute("SELECT FROM keys WHERE address = %s AND secret IS NULL", (address,)).fetchone()
    return row is not None


def _parts(event: Recorded) -> Stored | DecodeError:
    try:
        return parts(event.data)
    except DecodeError as error:
        return error


def _addresses(stored: Iterable[Stored | DecodeError]) -> list[UUID]:
    sealing = {each.address for each in stored if isinstance(each, Stored) and each.sealed is not None}
    return [uuid_of(address) for address in sealing if address is not None]


def _put(cache: OrderedDict[UUID, _Value], address: UUID, value: _Value) -> None:
    cache.pop(address, None)
    cache[address] = value
    if len(cache) > _CACHE_KEYS:
        cache.popitem(last=False)
