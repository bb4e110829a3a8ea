"""What one connection may take of the server: time in which it says nothing, and time in which it holds up the others.

Under server.py, where uvicorn leaves it open. It waits for ever for a first request, for the rest of one's head, and
for who doesn't read the answer: thousands of connections that never ask anything would leave none to those who do, and
of each that never reads a piece of a file lies in memory. And it goes through all that came in at once: one read of the
tiniest chunks or frames keeps everybody else waiting for a third of a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import sys
import termios
import time
from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from channels.limits import network_of

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent
    from websockets.frames import Frame

HEAD_SECONDS = 30.0
READ_SECONDS = 60.0
_READ_BYTES = 32 * 1024  # in that time at least
UNREAD_MAX = 300
_LONG_SECONDS = 0.005  # a request's head takes a fiftieth of that
_SHARE = 4
_PIECE_BYTES = 8 * 1024
_FRAGMENTS_MAX = 1000
_TOO_BIG = 1009

_resting: dict[str, float] = {}
_unread: dict[PatientProtocol, asyncio.TimerHandle] = {}
"""Who is waited for to read on, the longest first."""


def rest_of(client: tuple[str, int] | None, held: float, now: float) -> float:
    """How long whoever held the process isn't read from: the connections from one place wait for each other."""
    place = network_of(client[0]) if client else ""
    for other in [each for each, until in _resting.items() if until <= now]:
        del _resting[other]
    until = _resting[place] = _resting.get(place, now) + held * _SHARE
    return until - now


class PatientProtocol(H11Protocol):
    """One connection. Of a request's body limits.py takes care."""

    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # -- as uvicorn's
        """From here on a head is waited for."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """A head that isn't whole is waited for as long as the first of it; what drips in doesn't prolong it."""
        began = time.thread_time()
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._stop_waiting()
        held = time.thread_time() - began
        if held > _LONG_SECONDS and not self.transport.is_closing() and self.transport.get_protocol() is self:
            self.transport.pause_reading()
            self.loop.call_later(rest_of(self.client, held, self.loop.time()), self._go_on)

    def pause_writing(self) -> None:
        """It doesn't read as fast as it is answered. Of too many such the one goes that read nothing for longest."""
        super().pause_writing()
        self._await_reading()
        if len(_unread) > UNREAD_MAX:
            next(iter(_unread)).transport.abort()

    def resume_writing(self) -> None:
        """It read on."""
        self._has_read()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for."""
        self._stop_waiting()
        self._has_read()
        super().connection_lost(exc)

    def _await_reading(self) -> None:
        _unread[self] = self.loop.call_later(READ_SECONDS, self._look_again, self._left())

    def _look_again(self, left: int) -> None:
        self._has_read()
        if left - self._left() < _READ_BYTES:
            self.transport.abort()
        else:
            self._await_reading()

    def _left(self) -> int:
        """Bytes that didn't reach the reader yet, also of those that the kernel took."""
        left: int = self.transport.get_write_buffer_size()
        with contextlib.suppress(OSError):  # not every kernel tells; it takes MBs, more once a third is read
            taken = fcntl.ioctl(self.transport.get_extra_info("socket"), termios.TIOCOUTQ, bytes(4))
            left += int.from_bytes(taken, sys.byteorder)
        return left

    def _has_read(self) -> None:
        if self in _unread:
            _unread.pop(self).cancel()

    def _wait(self) -> None:
        if self._giving_up is None:
            self._giving_up = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _go_on(self) -> None:
        if not self.transport.is_closing() and not self.flow.read_paused:
            self.transport.resume_reading()


class PatientWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket, read piece by piece. A message in too many fragments is refused: no limit counts empty ones."""

    _resting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Nothing came yet."""
        super().connection_made(transport)
        self._unread = bytearray()

    def data_received(self, data: bytes) -> None:
        """What came, as far as it is this connection's turn."""
        self._unread += data
        if self._resting is None and not self.read_paused:
            self._read_on()

    async def receive(self) -> ASGIReceiveEvent:
        """The next message; once there is none, more is read."""
        event = await super().receive()
        if self._unread and self._resting is None and not self.read_paused:
            self._read_on()
        return event

    def handle_cont(self, event: Frame) -> None:
        """One more fragment."""
        if len(self.frames) < _FRAGMENTS_MAX:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(_TOO_BIG, "too many fragments")
            self.handle_parser_exception()

    def _read_on(self) -> None:
        self._resting = None
        if self.transport.is_closing():
            return
        piece = bytes(self._unread[:_PIECE_BYTES])
        del self._unread[:_PIECE_BYTES]
        began = time.thread_time()
        super().data_received(piece)
        held = time.thread_time() - began
        if self.transport.is_closing():
            return
        if self._unread or held > _LONG_SECONDS:
            self.transport.pause_reading()
            rest = rest_of(self.client, held, self.loop.time()) if held > _LONG_SECONDS else 0.0
            self._resting = self.loop.call_later(rest, self._rested)

    def _rested(self) -> None:
        self._resting = None
        if self.read_paused:
            return  # until the app took what came
        if not self._unread and not self.transport.is_closing():
            self.transport.resume_reading()
        else:
            self._read_on()
