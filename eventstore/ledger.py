"""Facts into the store and out of it, inside the caller's transaction: versions, keys and sealing in one place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore import store
from eventstore.database import Connection
from eventstore.keys import Keys
from eventstore.recorded import NewEvent, Recorded
from schemas.codec import encode, nonces
from schemas.facts import Fact, stream_id

F = TypeVar("F", bound=Fact)


class Cause(msgspec.Struct, frozen=True):
    """Why a fact was recorded: what led to it (an interaction, a command), and the conversation it is part of."""

    causation: UUID | None = None
    correlation: UUID | None = None


NO_CAUSE = Cause()


@dataclass(frozen=True, slots=True)
class History:
    """A stream as read: its facts in order and its last version. `versions[stream]` is what `record` expects."""

    version: int
    facts: Sequence[Fact]


class _Stream:
    """How far a stream has come while facts are sealed for it."""

    __slots__ = ("name", "version")

    def __init__(self, name: str, version: int) -> None:
        self.name = name
        self.version = version


class _AtHand:
    """A keyring for one batch: each key is asked for once, however many facts it seals."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._found: dict[UUID, AESGCM | None] = {}

    def seal_key(self, address: UUID) -> AESGCM | None:
        found = self._found.get(address)
        if found is None and address not in self._found:
            found = self._found[address] = self._keys.seal_key(address)
        return found

    def open_key(self, address: UUID) -> AESGCM | None:
        return self._keys.open_key(address)


class Ledger:
    """Encodes and appends; reads and decodes. `keys` seals and opens."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    def record(
        self, connection: Connection, facts: Sequence[tuple[Fact, Cause]], versions: Mapping[str, int]
    ) -> list[int]:
        """Append facts in order; returns their positions. The caller holds `store.lock`.

        `versions`: the last version of each stream, as read; a stream that isn't named is new.
        Raises ConflictError where a stream moved meanwhile, EventTooLargeError.
        """
        self.keys.ensure(connection, _sealing(facts))
        return store.append_as_made(connection, len(facts), self.seal(facts, versions))

    def seal(self, facts: Sequence[tuple[Fact, Cause]], versions: Mapping[str, int]) -> Iterator[NewEvent]:
        """Facts as `store` takes them. Asks the database nothing: their keys are at hand."""
        keys, fresh = _AtHand(self.keys), nonces(len(facts))
        streams: defaultdict[str, dict[UUID, _Stream]] = defaultdict(dict)
        for (fact, cause), nonce in zip(facts, fresh, strict=True):
            category = fact.category
            subject: UUID = getattr(fact, fact.subject_field)
            stream = streams[category].get(subject)
            if stream is None:  # a UUID in letters costs more than a look-up
                name = stream_id(category, subject)
                stream = streams[category][subject] = _Stream(name, versions.get(name, 0))
            stream.version += 1
            data = encode(fact, keys, stream.name, nonce)
            yield NewEvent(stream.name, stream.version, fact.type_name, data, cause.causation, cause.correlation)

    def load(self, connection: Connection, streams: Sequence[str]) -> dict[str, History]:
        """The streams' facts; a stream without facts has version 0 and none."""
        found = store.read_streams(connection, streams)
        self.keys.prefetch(connection, [event for events in found.values() for event in events])
        return {
            stream: History(
                version=found[stream][-1].version if stream in found else 0,
                facts=[event.fact(self.keys) for event in found.get(stream, ())],
            )
            for stream in streams
        }

    def part(self, connection: Connection, stream: str, *, after: int, until: int | None = None) -> list[Fact]:
        """A stream's facts from behind version `after` on, up to and with `until`."""
        return self._open(connection, store.read_stream(connection, stream, after=after, until=until))

    def last(self, connection: Connection, stream: str, kind: type[F]) -> F | None:
        """The last fact of a kind in a stream. Ask where there is one not far back: all behind it is looked at."""
        found = store.last_of_type(connection, stream, kind.type_name)
        (fact,) = self._open(connection, [found]) if found is not None else [None]
        return fact if isinstance(fact, kind) else None

    def _open(self, connection: Connection, events: Sequence[Recorded]) -> list[Fact]:
        self.keys.prefetch(connection, events)
        return [event.fact(self.keys) for event in events]


def _sealing(facts: Iterable[tuple[Fact, Cause]]) -> set[UUID]:
    addresses: set[UUID] = set()
    for fact, _ in facts:
        if getattr(fact, "personal", None) is not None:
            address: UUID = getattr(fact, "address")  # noqa: B009 -- not on every fact
            addresses.add(address)
    return addresses
