"""The chats that are open in this process, by thread; and the way of an agent's words to them.

Behind the connections (gateway.py), in front of the watcher of recorded answers (replies.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from channels.chat.frames import Out, State, TypingOut, Words

_OUTBOX_FRAMES = 256

log = structlog.get_logger()

Delivered = Callable[[UUID], Awaitable[None]]
"""Records that an answer reached the customer; harmless when it is recorded already."""


@dataclass(frozen=True, kw_only=True)
class ChatLine:
    """One message of a thread's history. `delivered`: nothing is to be recorded when the customer sees it."""

    words: Words
    delivered: bool


class Outbox:
    """What is to be sent on one connection, in order; answers that wait until the history was sent, and only once.

    `state`: the last one told, where the client wants to hear of it.
    """

    def __init__(self) -> None:
        self.wants_states = False
        self.state = ""
        self._frames: asyncio.Queue[Out] = asyncio.Queue(_OUTBOX_FRAMES)
        self._live: list[tuple[Words, bool]] | None = []  # None once the history went out
        self._sent: set[UUID] = set()
        self._unreceipted: set[UUID] = set()
        self.overflowed = asyncio.Event()

    def put(self, frame: Out) -> None:
        """Queue. A reader that lets it fill up loses the connection: pushing must not hang on one client."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.overflowed.set()

    async def put_history(self, lines: Sequence[ChatLine]) -> None:
        """What was said before, then what was pushed meanwhile and isn't in it. Waits for a slow reader."""
        for line in lines:
            self._sent.add(line.words.id)
            if not line.delivered:
                self._unreceipted.add(line.words.id)
            await self._frames.put(line.words)
        self.go_live()

    def go_live(self) -> None:
        """There is no history, or it went out."""
        waiting, self._live = self._live or [], None
        for words, receipt in waiting:
            self.push(words, receipt=receipt)

    def push(self, words: Words, *, receipt: bool = True) -> None:
        """An agent's words, once each. `receipt`: that they went out is to be recorded."""
        if self._live is not None:
            if len(self._live) < _OUTBOX_FRAMES:
                self._live.append((words, receipt))
            else:
                self.overflowed.set()
        elif words.id not in self._sent:
            self._sent.add(words.id)
            if receipt:
                self._unreceipted.add(words.id)
            self.put(words)

    def tell(self, state: State) -> None:
        """How the chat stands now."""
        if self.wants_states:
            self.state = state.state
            self.put(state)

    def written(self, frame: Out) -> UUID | None:
        """Call once a frame went out. The answer whose delivery is to be recorded now, if it was one."""
        if isinstance(frame, Words) and frame.id in self._unreceipted:
            self._unreceipted.remove(frame.id)
            return frame.id
        return None

    async def next(self) -> Out:
        """The frame to send now."""
        return await self._frames.get()


class ChatRooms:
    """Who has which thread open here. `delivered` is told once an answer was written to a connection."""

    def __init__(self, delivered: Delivered) -> None:
        self._delivered = delivered
        self._open: dict[UUID, set[Outbox]] = {}
        self._sessions: dict[UUID, set[Outbox]] = {}
        self._receipts: set[asyncio.Task[None]] = set()

    def join(self, thread: UUID, outbox: Outbox, *, session: UUID) -> None:
        """From now on it gets what is said in the thread, and what becomes of the session."""
        self._open.setdefault(thread, set()).add(outbox)
        self._sessions.setdefault(session, set()).add(outbox)

    def leave(self, thread: UUID, outbox: Outbox, *, session: UUID) -> None:
        """It is gone."""
        for rooms, key in ((self._open, thread), (self._sessions, session)):
            others = rooms.get(key, set())
            others.discard(outbox)
            if not others:
                rooms.pop(key, None)

    async def push(self, thread: UUID, message: Words, *, receipt: bool = True) -> None:
        """An agent's words to every open chat of the thread; none may be: they wait in the history."""
        for outbox in tuple(self._open.get(thread, ())):
            if receipt or outbox.wants_states:  # who does not ask how it stands hears what is said in the chat
                outbox.push(message, receipt=receipt)

    def typing(self, session: UUID) -> None:
        """An agent is writing to the session."""
        for outbox in tuple(self._sessions.get(session, ())):
            outbox.put(TypingOut())

    def tell(self, session: UUID, state: State) -> None:
        """How the session's chat stands now."""
        for outbox in tuple(self._sessions.get(session, ())):
            outbox.tell(state)

    def mail_given(self, session: UUID) -> None:
        """The customer said where to write to."""
        for outbox in tuple(self._sessions.get(session, ())):
            if outbox.state in {"missed", "unavailable"}:
                outbox.tell(State("missed", by_mail=True))

    def offer(self, state: State) -> None:
        """Whether a chat can begin changed: for those who have not begun one."""
        for outboxes in tuple(self._sessions.values()):
            for outbox in tuple(outboxes):
                if outbox.state in {"open", "unavailable"} and outbox.state != state.state:
                    outbox.tell(state)

    def is_open(self, thread: UUID) -> bool:
        """Does the customer have it open here?"""
        return thread in self._open

    def receipt(self, interaction: UUID) -> None:
        """An answer went out on a connection: have that recorded, without holding up what follows."""
        receipt = asyncio.create_task(self._record(interaction), name=f"receipt-{interaction}")
        self._receipts.add(receipt)
        receipt.add_done_callback(self._receipts.discard)

    async def close(self) -> None:
        """Let the receipts under way finish."""
        await asyncio.gather(*self._receipts)

    async def _record(self, interaction: UUID) -> None:
        try:
            await self._delivered(interaction)
        except Exception:
            # it stays undelivered and goes out again, and is recorded, when the customer returns
            log.exception("chat_receipt_failed", interaction=str(interaction))
