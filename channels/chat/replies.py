"""The watcher: follows the recorded facts and pushes answers and states to the chats open here; records delivery.

Between the event feed and rooms.py. Keeps no position: what nobody has open waits in the history (gateway.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog

from channels.chat.frames import State, Words
from channels.chat.rooms import ChatRooms
from eventstore import store
from eventstore.database import Connection, Database
from eventstore.feed import EventFeed
from eventstore.ledger import Cause, Ledger
from eventstore.recorded import Recorded
from schemas.codec import Keyring
from schemas.errors import DecodeError
from schemas.facts import stream_id
from schemas.facts.chat import ChatAccepted, ChatClosed, ChatEmailGiven, ChatMissed, ChatRequested, ChatTransferred
from schemas.facts.interaction import InteractionDelivered, InteractionSent
from schemas.ids import new_id
from schemas.interaction import Channel

log = structlog.get_logger()

_STATES = frozenset(
    kind.type_name for kind in (ChatRequested, ChatAccepted, ChatTransferred, ChatMissed, ChatEmailGiven, ChatClosed)
)


async def follow_replies(feed: EventFeed, rooms: ChatRooms, keys: Keyring, database: Database) -> None:
    """Push every answer recorded from now on, until cancelled."""
    position = await database.run(store.last_position)

    async def checkpoint() -> int:
        return position

    async def handle(events: Sequence[Recorded]) -> None:
        nonlocal position
        for event in events:
            if event.type == InteractionSent.type_name or event.type in _STATES:
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
    match fact:
        case InteractionSent(channel=Channel.CHAT, personal=said) if said is not None:
            await rooms.push(fact.thread, Words("agent", fact.interaction, said.text, fact.at))
        case InteractionSent(channel=Channel.EMAIL, personal=said) if said is not None:
            # their mail server says whether it arrived; who still has the chat open sees it at once all the same
            await rooms.push(fact.thread, Words("agent", fact.interaction, said.text, fact.at), receipt=False)
        case ChatRequested():
            rooms.tell(fact.chat, State("waiting"))
        case ChatAccepted():
            rooms.tell(fact.chat, State("active", agent=fact.by))
        case ChatTransferred():
            rooms.tell(fact.chat, State("active", agent=fact.to) if fact.to else State("waiting"))
        case ChatMissed():
            rooms.tell(fact.chat, State("missed", by_mail=fact.by_mail))
        case ChatEmailGiven():
            rooms.mail_given(fact.chat)
        case ChatClosed():
            rooms.tell(fact.chat, State("closed"))
        case _:
            return


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
