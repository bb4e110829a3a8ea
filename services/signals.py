"""Signals: what is true for a moment (who types, who looks, who is here), told to every web process and kept by none.

Over PostgreSQL's NOTIFY, on connections of their own in autocommit: never in a transaction of the store, where it would
be a second global lock. A signal may be lost (no database, too many at once); whatever must be known is a fact instead.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec
import psycopg
import structlog

PAYLOAD_MAX_BYTES = 200
REPEAT_SECONDS = 1.0  # the same signal again within this time is not sent
_GAP_SECONDS = 0.005  # 200 a second of one process at most
_WAITING_MAX = 100  # half a second's worth: later than that a signal is no longer true
_REMEMBERED_MAX = 5000
_RECONNECT_SECONDS = 0.5

_LISTEN, _SEND = "LISTEN cauce_signals", "SELECT pg_notify('cauce_signals', %s)"

log = structlog.get_logger()


class Signal(msgspec.Struct, frozen=True, array_like=True):
    """`topic`: a stream, `chat/…`; `kind`: "typing"; `by`: the user, or empty for the customer."""

    topic: str
    kind: str
    by: str


Hear = Callable[[Signal], None]

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Signal)


class Signals:
    """One process's ear and mouth. `run` for as long as it serves; `send` never waits and never fails."""

    def __init__(self, url: str, *, repeat_seconds: float = REPEAT_SECONDS) -> None:
        self._url = url
        self._repeat_seconds = repeat_seconds
        self._ears: list[Hear] = []
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(_WAITING_MAX)
        self._sent: OrderedDict[bytes, float] = OrderedDict()
        self.listening = asyncio.Event()

    def hear(self, ear: Hear) -> None:
        """Call this for each signal of any process, this one's own too. It must not wait."""
        self._ears.append(ear)

    def send(self, topic: str, kind: str, by: str) -> bool:
        """Tell everybody. False: not sent, because it was sent just now, or is too long, or too many wait."""
        payload = _encoder.encode(Signal(topic, kind, by))
        if len(payload) > PAYLOAD_MAX_BYTES or not self._is_news(payload):
            return False
        try:
            self._waiting.put_nowait(payload)
        except asyncio.QueueFull:
            return False
        return True

    async def run(self) -> None:
        """Hear and send, until cancelled; connects again for ever."""
        async with asyncio.TaskGroup() as both:
            both.create_task(_for_ever(self._listen))
            both.create_task(_for_ever(self._speak))

    def _is_news(self, payload: bytes) -> bool:
        now = time.monotonic()
        before = self._sent.get(payload)
        if before is not None and now - before < self._repeat_seconds:
            return False
        self._sent.pop(payload, None)
        self._sent[payload] = now
        if len(self._sent) > _REMEMBERED_MAX:
            self._sent.popitem(last=False)
        return True

    async def _listen(self) -> None:
        async with await self._connect("cauce signals in") as connection:
            await connection.execute(_LISTEN)
            self.listening.set()
            try:
                async for notify in connection.notifies():
                    self._tell(notify.payload)
            finally:
                self.listening.clear()

    async def _speak(self) -> None:
        payload = await self._waiting.get()  # no connection before there is something to say
        async with await self._connect("cauce signals out") as connection:
            while True:
                await connection.execute(_SEND, (payload.decode(),))
                await asyncio.sleep(_GAP_SECONDS)
                payload = await self._waiting.get()

    def _tell(self, payload: str) -> None:
        try:
            signal = _decoder.decode(payload)
        except msgspec.MsgspecError:
            log.warning("signal_unreadable", payload_bytes=len(payload))  # of another version, or by hand
            return
        for ear in self._ears:
            ear(signal)

    async def _connect(self, name: str) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            application_name=name,
            connect_timeout=5,
            keepalives_idle=10,
            keepalives_interval=3,
            keepalives_count=3,
        )


async def _for_ever(serve: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await serve()
        except (psycopg.Error, OSError) as error:
            log.info("signals_disconnected", error=type(error).__name__)
        await asyncio.sleep(_RECONNECT_SECONDS)
