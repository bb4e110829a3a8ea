"""The watcher: follows the recorded facts and pushes answers and states to the chats open here; records delivery.

Between the event feed and rooms.py. Keeps no position: what nobody has open waits in the history (gateway.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeAlias
from uuid import UUID

import structlog

from channels.chat.frames import FileLink, State, Words
from channels.chat.holds import Holds, Push
from channels.chat.rooms import ChatRooms
from eventstore import store
from eventstore.database import Connection, Database
from eventstore.feed import EventFeed
from eventstore.ledger import Cause, Ledger
from eventstore.recorded import Recorded
from schemas.codec import Keyring
from schemas.errors import DecodeError
from schemas.facts import Fact, stream_id
from schemas.facts.chat import ChatAccepted, ChatClosed, ChatEmailGiven, ChatMissed, ChatRequested, ChatTransferred
from schemas.facts.interaction import InteractionDelivered, InteractionHeld, InteractionSent
from schemas.ids import new_id
from schemas.interaction import Channel

log = structlog.get_logger()

_STATES = frozenset(
    kind.type_name for kind in (ChatRequested, ChatAccepted, ChatTransferred, ChatMissed, ChatEmailGiven, ChatClosed)
)
_FOLLOWED = _STATES | {InteractionSent.type_name, InteractionHeld.type_name}
_MAY_BE_HELD = 1000  # so many facts before the newest one, some answers may still be held
_SLACK = timedelta(seconds=30)  # our clock may be behind the database's

FileUrl: TypeAlias = Callable[[UUID, UUID, int], str]
"""Where a customer finds the file of an answer: by thread, interaction, index."""


async def follow_replies(
    feed: EventFeed, rooms: ChatRooms, keys: Keyring, database: Database, file_url: FileUrl
) -> None:
    """Push every answer recorded from now on, until cancelled; what is held, once it can't be taken back any more."""
    position = await database.run(store.last_position)
    holds = Holds(database)

    async def checkpoint() -> int:
        return position

    async def handle(events: Sequence[Recorded]) -> None:
        nonlocal position
        for event in events:
            if event.type in _FOLLOWED:
                await _take(await _fact(event, keys), rooms, holds, file_url)
        position = events[-1].position

    try:
        for event in await database.run(store.read_after, max(0, position - _MAY_BE_HELD), _MAY_BE_HELD):
            # a process that ended meanwhile would have pushed these
            if event.type == InteractionHeld.type_name or (event.type == InteractionSent.type_name and holds.any):
                await _resume(await _fact(event, keys), rooms, holds, file_url)
        # a name of its own: on Kafka, processes that share one would share out the answers among them
        await feed.follow(f"chat-{new_id()}", checkpoint, handle)
    finally:
        await holds.close()


async def _fact(event: Recorded, keys: Keyring) -> Fact | None:
    try:
        return await asyncio.to_thread(event.fact, keys)
    except DecodeError:
        # projections park its stream and raise the alarm; here it must not hold up the others
        log.exception("answer_unreadable", position=event.position)
        return None


async def _take(fact: Fact | None, rooms: ChatRooms, holds: Holds, file_url: FileUrl) -> None:
    match fact:
        case InteractionHeld():
            holds.hold(fact)
        case InteractionSent():
            push = _pushing(fact, rooms, file_url)
            if push is not None and not holds.later(fact.interaction, push):
                await push()
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


async def _resume(fact: Fact | None, rooms: ChatRooms, holds: Holds, file_url: FileUrl) -> None:
    """Only what may still be held: the rest was pushed, or waits in the history."""
    match fact:
        case InteractionHeld() if fact.until > datetime.now(UTC) - _SLACK:
            holds.hold(fact)
        case InteractionSent() if (push := _pushing(fact, rooms, file_url)) is not None:
            holds.later(fact.interaction, push)
        case _:
            return


def _pushing(sent: InteractionSent, rooms: ChatRooms, file_url: FileUrl) -> Push | None:
    """How an answer reaches the chats it is for; None: it is for none, or was erased."""
    if sent.personal is None or sent.channel not in {Channel.CHAT, Channel.EMAIL}:
        return None
    files = tuple(
        FileLink(kept.name, file_url(sent.thread, sent.interaction, index), kept.bytes)
        for index, kept in enumerate(sent.personal.attachments)
    )
    words = Words("agent", sent.interaction, sent.personal.text, sent.at, files)
    # a mail's server says whether it arrived; who still has the chat open sees it at once all the same
    return partial(rooms.push, sent.thread, words, receipt=sent.channel is Channel.CHAT)


class Receipts:
    """Records that an answer reached an open chat: once, however many tabs and processes saw it."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def delivered(self, interaction: UUID) -> None:
        """Record it, unless it is."""
        await self._database.run(self._record, interaction)

    def _record(self, connection: Connection, interaction: UUID) -> None:
        store.lock(connection)
        stream = stream_id(InteractionSent.category, interaction)
        sent = self._ledger.load(connection, [stream])[stream]
        known = any(isinstance(fact, InteractionDelivered) for fact in sent.facts)
        if known or not any(isinstance(fact, InteractionSent) for fact in sent.facts):
            return
        fact = InteractionDelivered(interaction=interaction, at=store.now(connection), remote="chat")
        self._ledger.record(connection, [(fact, Cause(causation=interaction))], {stream: sent.version})
