"""The keys that seal personal data: one an address, made with the first fact that needs it, destroyed to erase."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore.database import Connection, Database
from eventstore.recorded import Recorded
from schemas.codec import sealed_by
from schemas.errors import DecodeError

_CACHE_KEYS = 50_000
_CACHE_SECONDS = 30.0  # after an erasure in another process, at most this long until we forget too


class Keys:
    """A Keyring (schemas/codec.py) over the table `keys`, with a bounded, short-lived cache."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[UUID, tuple[float, AESGCM | None]] = OrderedDict()

    def ensure(self, connection: Connection, addresses: Iterable[UUID]) -> None:
        """Make the keys that are missing, in this transaction, and have all of them at hand."""
        wanted = [address for address in set(addresses) if self._cached(address) is None]
        if not wanted:
            return
        wanted.sort()
        connection.execute(
            "INSERT INTO keys (address, secret) SELECT * FROM unnest(%b::uuid[], %b::bytea[]) ON CONFLICT DO NOTHING",
            (wanted, [AESGCM.generate_key(256) for _ in wanted]),
        )
        self.load(connection, wanted)

    def load(self, connection: Connection, addresses: Iterable[UUID]) -> None:
        """Have these at hand, with one look-up: before decoding a batch. Unknown ones stay unknown."""
        wanted = [address for address in set(addresses) if self._cached(address) is None]
        if not wanted:
            return
        rows = connection.execute("SELECT address, secret FROM keys WHERE address = ANY(%s)", (wanted,)).fetchall()
        now = time.monotonic()
        for address, secret in rows:
            self._cache[address] = (now, AESGCM(secret) if secret is not None else None)
        while len(self._cache) > _CACHE_KEYS:
            self._cache.popitem(last=False)

    def prefetch(self, connection: Connection, events: Sequence[Recorded]) -> None:
        """Have the keys of a page at hand, with one look-up at most: before its facts are decoded."""
        addresses: set[UUID] = set()
        for event in events:
            with suppress(DecodeError):  # decoding it will say so
                address = sealed_by(event.data)
                if address is not None:
                    addresses.add(address)
        self.load(connection, addresses)

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
        for address in addresses:
            self._cache.pop(address, None)

    def seal_key(self, address: UUID) -> AESGCM | None:
        """The key to write with; None once erased. Raises KeyError when `ensure` was not called."""
        return self.open_key(address)

    def open_key(self, address: UUID) -> AESGCM | None:
        """The key to read with; None once erased. Raises KeyError when there never was one."""
        cached = self._cached(address)
        if cached is None:
            with self._database.transaction() as connection:
                self.load(connection, [address])
            cached = self._cache[address]
        return cached[1]

    def _cached(self, address: UUID) -> tuple[float, AESGCM | None] | None:
        cached = self._cache.get(address)
        if cached is not None and time.monotonic() - cached[0] > _CACHE_SECONDS:
            return None
        return cached
