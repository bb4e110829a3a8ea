"""An interaction as correlation sees it: ids instead of addresses and words. Made of a log record, before the lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from channels.email.words.subjects import topic_of_subject
from channels.intake import decode_item, encode_item
from schemas.address import Kind, kind_of
from schemas.facts.call import CallStarted
from schemas.ids import in_letters, keyed_bytes, keyed_id
from schemas.interaction import Automatic, Channel, Direction, Interaction, Party
from schemas.threads import begun

Key: TypeAlias = bytes
"""Sixteen bytes that lead to something and tell nothing: of a conversation, a message, a subject."""

_REFERENCES_MAX = 50
_OTHERS_MAX = 50


class Arrival(msgspec.Struct, frozen=True):
    """One interaction with all that the rules look at. `parties`: from, to and cc.

    `begun`: whose conversation it is part of, often its own; `thread`: the key of that.
    `references`: keys of what it answers, the nearest first. `topics`: keys of its subject and product.
    `claims`: further addresses the sender gave. `returned_from`: whom a report says that it speaks of.
    `automatic`: mail that no person wrote.
    """

    item: Interaction
    address: UUID
    direction: Direction
    parties: frozenset[UUID]
    others: tuple[UUID, ...]
    claims: tuple[tuple[UUID, Party], ...]
    begun: UUID
    thread: Key
    message: Key | None
    references: tuple[Key, ...]
    session: Key | None
    call: Key | None
    about: Key | None
    topics: frozenset[Key]
    automatic: Automatic | None = None
    returned_from: UUID | None = None
    started: CallStarted | None = None

    @property
    def keys(self) -> Iterable[Key]:
        """Every key this may be found by."""
        yield self.thread
        yield from self.references
        for key in (self.message, self.session, self.call, self.about):
            if key is not None:
                yield key

    @property
    def everyone(self) -> Iterable[UUID]:
        """Every address in it."""
        yield from self.parties
        yield from (address for address, _ in self.claims)

    def under(self, renewed: Mapping[UUID, UUID]) -> Arrival:
        """The same, with the ids that addresses have since their owner was erased."""
        if not renewed:
            return self
        address = renewed.get(self.address, self.address)
        return replace(
            self,
            address=address,
            parties=frozenset(renewed.get(party, party) for party in self.parties),
            others=tuple(renewed.get(other, other) for other in self.others),
            claims=tuple((renewed.get(claimed, claimed), party) for claimed, party in self.claims),
            returned_from=self.returned_from and renewed.get(self.returned_from, self.returned_from),
            started=None if self.started is None else replace(self.started, address=address),
        )


class Reader:
    """Makes arrivals. `secret`: the hub's, so that no id tells an address."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def id_of(self, text: str) -> UUID:
        """The keyed id of an address."""
        return keyed_id(self._secret, text)

    def key_of(self, text: str) -> Key:
        """The key of `thread:…`, `message:…`, `session:…`, `call:…`, `interaction:…`, a subject, a product."""
        return keyed_bytes(self._secret, text)

    def topic(self, subject: str) -> frozenset[Key]:
        """The key of a subject, if it says anything."""
        text = topic_of_subject(subject)
        return frozenset({self.key_of(f"subject:{text}")}) if text else frozenset()

    def read(
        self, item: Interaction, *, direction: Direction = Direction.IN, started: CallStarted | None = None
    ) -> Arrival:
        """The arrival of an interaction."""
        if not storable(item):  # the edge replaces NUL; one that got by would break whole batches later
            again = decode_item(encode_item(item))
            item = again if isinstance(again, Interaction) else item
        hints = item.hints
        address = self.id_of(item.sender.address)
        others = tuple(dict.fromkeys(self.id_of(party.address) for party in item.recipients[:_OTHERS_MAX]))
        nearest_first = dict.fromkeys(reversed(hints.references[-_REFERENCES_MAX:]))
        topics = self.topic(item.subject)
        if hints.product:
            topics |= {self.key_of(f"product:{hints.product.casefold()}")}
        thread = begun(item.thread)
        return Arrival(
            item=item,
            address=address,
            direction=direction,
            parties=frozenset({address, *others}),
            others=others,
            claims=tuple((self.id_of(party.address), party) for party in item.claims),
            begun=thread,
            thread=self.key_of(f"thread:{in_letters(thread)}"),
            message=self.key_of(f"message:{hints.message_id}") if hints.message_id else None,
            references=tuple(self.key_of(f"message:{reference}") for reference in nearest_first if reference),
            session=self.key_of(f"session:{in_letters(hints.session)}") if hints.session else None,
            call=self.key_of(f"call:{in_letters(hints.call)}") if hints.call else None,
            about=self.key_of(f"interaction:{hints.about}") if hints.about else None,
            topics=topics,
            automatic=None if hints.automatic is Automatic.LIST else hints.automatic,
            returned_from=self.id_of(f"email:{returned}") if (returned := item.details.get("returned_from")) else None,
            started=started,
        )


def storable(item: Interaction) -> bool:
    """Is there no NUL in any of its texts?"""
    texts = [
        item.sender.address,
        item.sender.name,
        item.subject,
        item.text,
        item.html,
        item.raw,
        item.language,
        item.by,
    ]
    texts += [item.hints.message_id, item.hints.product, *item.hints.references, *item.details, *item.details.values()]
    texts += [text for party in (*item.recipients, *item.claims) for text in (party.address, party.name)]
    texts += [text for file in item.attachments for text in (file.name, file.media_type, file.blob)]
    return "\x00" not in "".join(texts)


def mail_address(party: Party) -> bool:
    """Can it be written to by mail?"""
    return kind_of(party.address) is Kind.EMAIL


def received_now(item: Interaction, now: datetime) -> datetime:
    """When it came to us: never later than now, whatever an edge's clock says."""
    return min(item.received_at, now)


def is_form(item: Interaction) -> bool:
    """Did it come by the web form itself, not by its status page?"""
    return item.channel is Channel.FORM and not item.hints.thread_signed
