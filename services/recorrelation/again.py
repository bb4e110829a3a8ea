"""The mails of the history, parsed again from their raw bytes by today's parser. First step of a re-correlation.

What only its own time knew stays as recorded: who it was from, whether that was proven, the token in its envelope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from msgspec.structs import replace

from channels.email.parser_pool import ParserPool
from eventstore import store
from eventstore.blobs import Blobs
from eventstore.database import Connection
from eventstore.keys import Keys
from schemas.address import handle_of
from schemas.errors import NotFoundError, PoisonError
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Automatic, Channel, Hints, Interaction, RawMail

_PAGE = 2_000
_RECEIVED = (InteractionReceived.type_name,)


@dataclass(slots=True)
class Mails:
    """`parsed`: interaction → what today's parser makes of it. The others were left as they were recorded."""

    parsed: dict[UUID, Interaction] = field(default_factory=dict[UUID, Interaction])
    erased: int = 0
    unreadable: int = 0


def kept(connection: Connection, keys: Keys, until: int) -> tuple[list[InteractionReceived], int]:
    """Every mail whose raw bytes a fact names, in order; and how many are an erased person's."""
    found: list[InteractionReceived] = []
    erased, position = 0, 0
    while events := store.read_types_after(connection, position, _PAGE, _RECEIVED, until=until):
        position = events[-1].position
        for fact in keys.facts(connection, events):
            if not isinstance(fact, InteractionReceived) or fact.channel is not Channel.EMAIL:
                continue
            if fact.personal is None:
                erased += 1
            elif fact.personal.raw and fact.personal.sender is not None:
                found.append(fact)
    return found, erased


async def parse(
    mails: Sequence[InteractionReceived], blobs: Blobs, pool: ParserPool, advance: Callable[[], None]
) -> Mails:
    """Each in a child; one whose bytes are gone or can't be parsed stays as it was recorded."""
    found = Mails()
    room = asyncio.Semaphore(pool.size * 2)

    async def one(fact: InteractionReceived) -> None:
        async with room:
            parsed = await _parsed(fact, blobs, pool)
        if parsed is None:
            found.unreadable += 1
        else:
            found.parsed[fact.interaction] = parsed
        advance()

    async with asyncio.TaskGroup() as group:
        for fact in mails:
            group.create_task(one(fact))
    return found


def recorded(fact: InteractionReceived) -> Interaction | None:
    """What the rules saw of an interaction, by its fact; None of an erased person's."""
    content = fact.personal
    if content is None or content.sender is None:
        return None
    return Interaction(
        id=fact.interaction,
        channel=fact.channel,
        sender=replace(content.sender, proven=fact.proven),
        recipients=content.recipients,
        subject=content.subject,
        thread=fact.thread,
        contact=fact.contact,
        occurred_at=fact.occurred_at,
        received_at=fact.received_at,
        authentication=fact.authentication,
        hints=Hints(
            thread_signed=fact.thread != fact.interaction,
            message_id=content.message_id,
            references=content.references,
            session=fact.contact if fact.channel is Channel.CHAT else None,
            call=fact.call,
            automatic=fact.automatic,
            product=content.details.get("product", ""),
        ),
    )


async def _parsed(fact: InteractionReceived, blobs: Blobs, pool: ParserPool) -> Interaction | None:
    was = recorded(fact)
    assert fact.personal is not None  # noqa: S101 -- `kept` leaves the erased out
    assert was is not None  # noqa: S101 -- likewise
    try:
        content = await asyncio.to_thread(blobs.get, fact.personal.raw)
        parsed = (await pool.parse(_raw(fact, was, len(content)), content)).interaction
    except (NotFoundError, PoisonError):
        return None
    signed = parsed.hints.thread_signed
    return replace(
        was,
        recipients=parsed.recipients,
        subject=parsed.subject,
        thread=parsed.thread if signed else was.thread,
        hints=parsed.hints if signed else replace(parsed.hints, thread_signed=was.hints.thread_signed),
    )


def _raw(fact: InteractionReceived, was: Interaction, size: int) -> RawMail:
    """The mail as it came, as far as that was kept: an empty return path says that no person wrote it."""
    mailbox = fact.personal.details.get("mailbox", "") if fact.personal is not None else ""
    return RawMail(
        id=fact.interaction,
        source="import",
        mailbox=mailbox,
        envelope_from="" if fact.automatic is Automatic.BOUNCE else handle_of(was.sender.address),
        envelope_to=(mailbox,) if mailbox else (),
        size=size,
        received_at=fact.received_at,
    )
