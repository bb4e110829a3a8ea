"""The watcher: follows the recorded facts and pushes agents' answers to the chats open here; records their delivery.

Between the event feed and rooms.py. Keeps no position: what nobody has open waits in the history (gateway.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog

from channels.chat.frames import Words
from channels.chat.rooms import ChatRooms
from eventstore import store
from eventstore.database import Connection, Database
from eventstore.feed import EventFeed
from eventstore.ledger import Cause, Ledger
from eventstore.recorded import Recorded
from schemas.codec import Keyring
from schemas.errors import DecodeError
from schemas.facts import stream_id
from schemas.facts.interaction import InteractionDelivered, InteractionSent
from schemas.ids import new_id
from schemas.interaction import Channel

log = structlog.get_logger()


async def follow_replies(feed: EventFeed, rooms: ChatRooms, keys: Keyring, database: Database) -> None:
    """Push every answer recorded from now on, until cancelled."""
    position = await database.run(store.last_position)

    async def checkpoint() -> int:
        return position

    async def handle(events: Sequence[Recorded]) -> None:
        nonlocal position
        for event in events:
            if event.type == InteractionSent.type_name:
                await _push(event, rooms, keys)
        position = events[-1].position

    # a name of its own: on Kafka, processes that share one would share out the answers among them
    await feed.follow(f"chat-{new_id()}", checkpoint, handle)


async def _push(event: Recorded, rooms: ChatRooms, keys: Keyring) -> None:
    try:
        fact = await asyncio.to_thread(event.fact, keys)
    except DecodeError:
        # projections park its stream and raise the alarm; here it must not hold up the others
        log.exception("answer_unreadable", position=event.position)
        return
    if not isinstance(fact, InteractionSent) or fact.channel is not Channel.CHAT or fact.personal is None:
        return
    await rooms.push(fact.thread, Words("agent", fact.interaction, fact.personal.text, fact.at))


class Receipts:
    """Records that an answer reached an open chat: once, however many tabs and processes saw it."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def delivered(self, interaction: UUID) -> None:
        """Record it, unless it is."""
        await self._database.run(self._record, interaction, datetime.now(UTC))

    def _record(self, connection: Connection, interaction: UUID, now: datetime) -> None:
        store.lock(connection)
        stream = stream_id(InteractionSent.category, interaction)
        sent = self._ledger.load(connection, [stream])[stream]
        known = any(isinstance(fact, InteractionDelivered) for fact in sent.facts)
        if known or not any(isinstance(fact, InteractionSent) for fact in sent.facts):
            return
        fact = InteractionDelivered(interaction=interaction, at=now, remote="chat")
        self._ledger.record(connection, [(fact, Cause(causation=interaction))], {stream: sent.version})
