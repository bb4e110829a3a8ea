"""What the chat's edge asks and says beside words: how a chat stands, an address left, a customer who leaves.

And `Clock`, which tells whoever waits too long that nobody comes. Between channels/chat and services/commands.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
import psycopg
import structlog

from channels.chat.frames import State, StateName
from channels.chat.rooms import ChatRooms
from channels.tokens import ThreadTokens
from eventstore.database import Connection, Database
from schemas.errors import CauceError
from services.chats import presence
from services.chats.requests import CloseChat, LeaveEmail, MissChat
from services.chats.state import Chat, Stage
from services.commands import Commands
from services.signals import Signal

PRESENCE = "chats/presence"
OPEN: Final = "open"
UNAVAILABLE: Final = "unavailable"
_SHOWN: Mapping[Stage, StateName] = {
    Stage.WAITING: "waiting",
    Stage.ACTIVE: "active",
    Stage.CLOSED: "closed",
    Stage.MISSED: "missed",
}
_TICK_SECONDS = 1.0
_AT_ONCE = 100

log = structlog.get_logger()
_decoder = msgspec.msgpack.Decoder(Chat)


class ChatHouse:
    """Implements channels.chat.shared.House."""

    def __init__(self, database: Database, commands: Commands, tokens: ThreadTokens) -> None:
        self._database = database
        self._commands = commands
        self._tokens = tokens

    async def state_of(self, session: UUID, thread: UUID) -> State:
        """How the chat stands."""
        chat, anybody = await self._database.run(_chat_and_presence, session)
        link = f"/status/{self._tokens.sign(thread)}"
        if chat is None:
            return State(OPEN if anybody else UNAVAILABLE, link=link)
        return State(_SHOWN[chat.stage], agent=chat.agent, by_mail=chat.by_mail, link=link)

    async def left_email(self, session: UUID, thread: UUID, email: str) -> None:
        """The chat goes on there once nobody came to it."""
        await self._commands.run(LeaveEmail(chat=session, thread=thread, email=email), by="")

    async def ended(self, session: UUID) -> None:
        """Nothing to do for a chat that was never asked for."""
        chat, _ = await self._database.run(_chat_and_presence, session)
        if chat is not None and chat.is_live:
            await self._commands.run(CloseChat(chat=session), by="")


def relay(signal: Signal, rooms: ChatRooms) -> None:
    """What agents do right now, to the chats that are open in this process."""
    kind, _, subject = signal.topic.partition("/")
    if signal.topic == PRESENCE and signal.kind in {OPEN, UNAVAILABLE}:
        rooms.offer(State(OPEN if signal.kind == OPEN else UNAVAILABLE))
    elif kind == "chat" and signal.kind == "typing" and signal.by:
        try:
            rooms.typing(UUID(subject))
        except ValueError:
            return  # anything may be signalled


class Clock:
    """Tells those who waited too long. The waiting stands in the database: a killed process forgets nobody."""

    def __init__(self, database: Database, commands: Commands, patience: timedelta) -> None:
        self._database = database
        self._commands = commands
        self._patience = patience

    async def run(self) -> None:
        """Until cancelled. Several processes may: whoever comes second finds nothing left to say."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self.tick()
            except (CauceError, psycopg.Error) as error:
                log.warning("chat_clock_waits", error=type(error).__name__)

    async def tick(self) -> int:
        """Everybody whose time is up now; returns how many."""
        due = await self._database.run(_due, self._patience)
        for chat in due:
            await self._commands.run(MissChat(chat=chat, patience=self._patience), by="")
            log.info("chat_missed", chat=str(chat))
        return len(due)


def _chat_and_presence(connection: Connection, session: UUID) -> tuple[Chat | None, bool]:
    row = connection.execute("SELECT state FROM chat_state WHERE chat = %s", (session,)).fetchone()
    return (_decoder.decode(row[0]) if row else None), bool(presence.available(connection))


def _due(connection: Connection, patience: timedelta) -> list[UUID]:
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT chat FROM chat_state WHERE waiting_since < now() - %s ORDER BY waiting_since LIMIT %s",
        (patience if presence.available(connection) else timedelta(0), _AT_ONCE),
    ).fetchall()
    return [chat for (chat,) in rows]
