"""Intake: every channel hands its interactions here, and they are on the log `interactions` when it returns.

The last step of a channel and the first of the hub: nothing may be acknowledged to a customer before `submit` returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import msgspec

from channels.accepted import ACCEPTED
from channels.text import clean, one_line
from eventstore.log import APPEND_SECONDS, Log, NewRecord
from schemas import cloudevents
from schemas.errors import DecodeError, LogUnavailableError, TooLargeError
from schemas.ids import keyed_id
from schemas.interaction import Attachment, CallSignal, Channel, Interaction, Party
from schemas.topics import INTERACTIONS

Item: TypeAlias = Interaction | CallSignal

ITEM_MAX_BYTES = 240 * 1024
"""Leaves room for what sealing adds: the fact made of it must stay under the store's 256 KiB."""

_ANSWER_SECONDS = APPEND_SECONDS - 0.2  # the rest is for telling the sender

_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder: msgspec.msgpack.Decoder[Item] = msgspec.msgpack.Decoder(Item)


@asynccontextmanager
async def in_time() -> AsyncGenerator[None]:
    """Bounds what a sender waits for, so that they hear of an outage within APPEND_SECONDS.

    Around everything that asks the hub something. Raises LogUnavailableError.
    """
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            yield
    except TimeoutError as error:
        raise LogUnavailableError(f"no answer within {_ANSWER_SECONDS:g} s") from error


class Intake:
    """Puts items on the log. `secret`: the hub's, for keys that name nobody."""

    def __init__(self, log: Log, secret: bytes) -> None:
        self._log = log
        self._secret = secret

    async def submit(self, *items: Item) -> None:
        """Return once all items are durable, in this order.

        Raises LogUnavailableError within APPEND_SECONDS (some may be on the log all the same: submitting the same ids
        again is harmless) and TooLargeError for an item over ITEM_MAX_BYTES.
        """
        await self.hand_on([self.record(item) for item in items])
        for channel in map(channel_of, items):
            if channel is not Channel.EMAIL:  # counted when it was acknowledged: by reception, before it was parsed
                ACCEPTED.labels(channel.value).inc()

    async def hand_on(self, records: Sequence[NewRecord]) -> None:
        """Return once all records are durable, in this order. Raises LogUnavailableError likewise."""
        async with in_time():
            await self._log.append(INTERACTIONS, records)

    def record(self, item: Item) -> NewRecord:
        """An item as it lies on the log. Raises TooLargeError for one over ITEM_MAX_BYTES."""
        value = encode_item(item)
        if len(value) > ITEM_MAX_BYTES:
            raise TooLargeError(f"the contact takes {len(value)} bytes, {ITEM_MAX_BYTES} allowed")
        channel = channel_of(item)
        found = cloudevents.attributes(
            event_id=str(item.id),
            type_name="interaction" if isinstance(item, Interaction) else "call_signal",
            subject=f"{channel}/{item.id}",
            time=item.received_at,
        )
        headers = cloudevents.headers(found) | {"channel": channel.value}
        return NewRecord(item.id, keyed_id(self._secret, ordering_key(item)).bytes, value, headers)


def encode_item(item: Item) -> bytes:
    """An item as it travels, its text made storable."""
    return _encoder.encode(_cleaned(item))


def decode_item(value: bytes) -> Item:
    """What `encode_item` made. Raises DecodeError."""
    try:
        return _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"not an interaction: {error}") from error


def channel_of(item: Item) -> Channel:
    """The channel an item came over."""
    return item.channel if isinstance(item, Interaction) else Channel.PHONE


def ordering_key(item: Item) -> str:
    """Items with the same key stay in order: those of a call, of a chat session, of an address."""
    match item:
        case CallSignal():
            return f"call:{item.call}"
        case Interaction(hints=hints) if hints.call is not None:
            return f"call:{hints.call}"
        case Interaction(hints=hints) if hints.session is not None:
            return f"chat:{hints.session}"
        case Interaction():
            return item.sender.address


def _cleaned(item: Item) -> Item:
    if isinstance(item, CallSignal):
        return msgspec.structs.replace(
            item,
            line=clean(item.line),
            party=_clean_party(item.party),
            agent=one_line(item.agent),
            outcome=one_line(item.outcome),
        )
    hints = msgspec.structs.replace(
        item.hints,
        message_id=clean(item.hints.message_id),
        references=tuple(map(clean, item.hints.references)),
        product=one_line(item.hints.product),
    )
    return msgspec.structs.replace(
        item,
        sender=_clean_party(item.sender),
        recipients=tuple(map(_clean_party, item.recipients)),
        claims=tuple(map(_clean_party, item.claims)),
        subject=one_line(item.subject),
        text=clean(item.text),
        attachments=tuple(map(_clean_attachment, item.attachments)),
        language=clean(item.language),
        hints=hints,
        details={clean(name): clean(value) for name, value in item.details.items()},
        by=clean(item.by),
    )


def _clean_party(party: Party) -> Party:
    return msgspec.structs.replace(party, address=clean(party.address), name=one_line(party.name))


def _clean_attachment(attachment: Attachment) -> Attachment:
    return msgspec.structs.replace(attachment, name=one_line(attachment.name), media_type=clean(attachment.media_type))
