"""The chats that are open in this process, by thread; and the way of an agent's words to them.

Behind the connections (gateway.py), in front of the watcher of recorded answers (replies.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from channels.chat.frames import Out, TypingOut, Words

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
    """What is to be sent on one connection, in order; answers that wait until the history was sent, and only once."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[Out] = asyncio.Queue(_OUTBOX_FRAMES)
        self._live: list[Words] | None = []  # None once the history went out
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
        for words in waiting:
            self.push(words)

    def push(self, words: Words) -> None:
        """An agent's words, once each."""
        if self._live is not None:
            if len(self._live) < _OUTBOX_FRAMES:
                self._live.append(words)
            else:
                self.overflowed.set()
        elif words.id not in self._sent:
            self._sent.add(words.id)
            self._unreceipted.add(words.id)
            self.put(words)

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
        self._receipts: set[asyncio.Task[None]] = set()

    def join(self, thread: UUID, outbox: Outbox) -> None:
        """From now on it gets what is said in the thread."""
        self._open.setdefault(thread, set()).add(outbox)

    def leave(self, thread: UUID, outbox: Outbox) -> None:
        """It is gone."""
        others = self._open.get(thread, set())
        others.discard(outbox)
        if not others:
            self._open.pop(thread, None)

    async def push(self, thread: UUID, message: Words) -> None:
        """An agent's words to every open chat of the thread; none may be: they wait in the history."""
        for outbox in tuple(self._open.get(thread, ())):
            outbox.push(message)

    def typing(self, thread: UUID) -> None:
        """An agent is writing in the thread."""
        for outbox in tuple(self._open.get(thread, ())):
            outbox.put(TypingOut())

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
