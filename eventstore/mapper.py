"""Facts as the `eventsourcing` library's domain events: our codec and our stable type names instead of its own."""

from __future__ import annotations

from dataclasses import dataclass

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent

from schemas.codec import Keyring, decode, encode
from schemas.errors import DecodeError
from schemas.facts import Fact, stream_of


@dataclass(frozen=True)
class FactRecorded:
    """A fact at its place in its stream: what the library calls a domain event."""

    originator_id: str
    originator_version: int
    fact: Fact


class FactMapper(Mapper[str]):
    """Facts to stored events and back: sealed by the codec, named by their type, upcast when read."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(transcoder=JSONTranscoder())  # never asked: the codec does its work
        self._keyring = keyring

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Encode and seal. Raises TypeError for what is no fact of ours, EventTooLargeError."""
        if not isinstance(domain_event, FactRecorded):
            msg = f"{type(domain_event).__name__} is not a recorded fact"
            raise TypeError(msg)
        fact = domain_event.fact
        if domain_event.originator_id != stream_of(fact):
            msg = f"{fact.type_name} belongs to {stream_of(fact)}, not to {domain_event.originator_id}"
            raise ValueError(msg)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=fact.type_name,
            state=encode(fact, self._keyring),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> FactRecorded:
        """Open and decode, at the newest version. Raises MapperDeserialisationError."""
        stream = str(stored_event.originator_id)
        try:
            fact = decode(stored_event.topic, stream, stored_event.state, self._keyring)
        except DecodeError as error:
            raise MapperDeserialisationError(str(error)) from error
        return FactRecorded(stream, stored_event.originator_version, fact)
