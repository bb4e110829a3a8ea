"""One chat connection, from its hello to its end: frames in, answers out. Made by gateway.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from fastapi import WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from channels.chat import frames
from channels.chat.frames import Ack, Bye, EmailIn, Hello, Problem, Say, TypingIn, Welcome
from channels.chat.rooms import Outbox
from channels.chat.sessions import Session
from channels.chat.shared import Shared
from channels.intake import in_time
from schemas.address import email_address
from schemas.errors import (
    InvalidError,
    MalformedError,
    RateLimitedError,
    RefusedError,
    RetryableError,
    TooLargeError,
)
from schemas.ids import chat_id
from schemas.interaction import Channel, Hints, Interaction, Party
from schemas.language import locale_language

_MESSAGES_AT_ONCE = 64  # of one connection on their way to the log; then we stop reading. Its rate lets by fewer in 5 s
_TYPING_SECONDS = 1.0
_PAUSE_SECONDS = 0.01  # after a frame that isn't taken: a flood is read no faster than this
_REFUSED_MAX = 200  # frames of a connection that can't be taken: no client of anybody's
_HELLO_SECONDS = 30.0
_SEND_SECONDS = 20.0
_CLOSE_SECONDS = 1.0
_POLICY_VIOLATION = 1008


@dataclass(frozen=True)
class Client:
    """Who is at the other end: the session, which is proven, and what it says of itself, which is not."""

    session: Session
    name: str
    claims: tuple[Party, ...]
    language: str
    details: Mapping[str, str] = field(default_factory=dict[str, str])


class Connection:
    """One client, connected."""

    def __init__(self, shared: Shared, websocket: WebSocket, place: str, token: str | None, site: str) -> None:
        self._shared = shared
        self._token = token
        self._site = site
        self._websocket = websocket
        self._place = place
        self._outbox = Outbox()
        self._client: Client | None = None
        self._greeted = asyncio.Event()
        self._gate = asyncio.Semaphore(_MESSAGES_AT_ONCE)
        self._typed_at = 0.0
        self._refused = 0
        self._known_thread: UUID | None = None

    async def serve(self) -> None:
        """To its end."""
        try:
            async with asyncio.TaskGroup() as messages:
                await self._until_one_ends(
                    self._read(messages), self._write(), self._overflow(), self._expect_hello(), self._recall()
                )
                # the group waits for messages on their way: who writes and leaves at once is heard
        finally:
            if self._client is not None:
                session = self._client.session
                self._shared.rooms.leave(session.thread, self._outbox, session=session.id)
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._close()

    async def _until_one_ends(self, *parts: Coroutine[None, None, None]) -> None:
        tasks = [asyncio.ensure_future(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._websocket.close(_POLICY_VIOLATION)
        except (WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
            return  # gone already, or takes nothing any more

    async def _overflow(self) -> None:
        await self._outbox.overflowed.wait()

    async def _expect_hello(self) -> None:
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                await self._greeted.wait()
        except TimeoutError:
            return
        await _for_ever()

    async def _write(self) -> None:
        gone = False
        while True:
            frame = await self._outbox.next()
            if gone:
                continue  # what it wrote before it left is still being read and kept
            try:
                async with asyncio.timeout(_SEND_SECONDS):
                    await self._websocket.send_text(frames.encode(frame))
            except TimeoutError:
                return
            except (WebSocketDisconnect, RuntimeError, OSError):
                gone = True
                continue
            answer = self._outbox.written(frame)
            if answer is not None:
                self._shared.rooms.receipt(answer)

    async def _read(self, messages: asyncio.TaskGroup) -> None:
        while self._refused < _REFUSED_MAX:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                return
            text: str | None = event.get("text")
            frame = b"" if text is None else text.encode(errors="replace")
            try:
                await self._take(frames.decode(frame), messages)
            except TooLargeError as error:
                await self._refuse("too_large", frame, str(error))
            except (MalformedError, InvalidError) as error:
                await self._refuse("malformed", frame, str(error))
            except RateLimitedError as error:
                self._outbox.put(Problem("rate_limited", frames.id_in(frame), error.retry_after))
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _refuse(self, code: frames.ErrorCode, frame: bytes, detail: str) -> None:
        self._outbox.put(Problem(code, frames.id_in(frame), detail=detail))
        self._refused += 1
        await asyncio.sleep(_PAUSE_SECONDS)

    async def _take(self, frame: frames.In, messages: asyncio.TaskGroup) -> None:
        match frame:
            case Hello():
                self._greet(frame)
            case Say() if self._client is not None:
                self._shared.said.take(str(self._client.session.id))
                await self._gate.acquire()
                messages.create_task(self._say(self._client, frame))
            case TypingIn() if self._client is not None:
                await self._relay_typing(self._client)
            case EmailIn() | Bye() if self._client is not None:
                self._shared.said.take(str(self._client.session.id))
                if isinstance(frame, EmailIn):
                    self._shared.named(email_address(frame.email), self._place)
                await self._gate.acquire()
                messages.create_task(self._ask_house(self._client, frame))
            case Say() | TypingIn() | EmailIn() | Bye():
                raise MalformedError("say hello first")

    def _greet(self, hello: Hello) -> None:
        if self._client is not None:
            raise MalformedError("one hello is enough")
        claims = (Party(address=email_address(hello.email), name=hello.name or ""),) if hello.email else ()
        self._shared.opened.take(self._place)
        for claim in claims:
            self._shared.named(claim.address, self._place)
        session, known = self._shared.sessions.open(hello.token or self._token)
        language = locale_language(hello.locale)
        details = {"site": self._site} if self._site else {}
        self._client = Client(session, hello.name or "", claims, language, details)
        self._outbox.wants_states = hello.states
        self._outbox.put(Welcome(self._shared.sessions.sign(session), session.id))
        # joined before the history is read: what is said meanwhile is in one of the two
        self._shared.rooms.join(session.thread, self._outbox, session=session.id)
        self._known_thread = session.thread if known else None
        self._greeted.set()

    async def _recall(self) -> None:
        await self._greeted.wait()
        if self._known_thread is None:
            self._outbox.go_live()
        else:
            await self._send_history(self._known_thread)
        if self._outbox.wants_states and self._client is not None:
            await self._tell_state(self._client.session)
        await _for_ever()

    async def _send_history(self, thread: UUID) -> None:
        try:
            async with in_time():
                lines = await self._shared.history(thread)
        except RetryableError as error:
            self._outbox.put(Problem("log_unavailable", retry_after=error.retry_after))
            self._outbox.go_live()
        else:
            await self._outbox.put_history(lines)

    async def _tell_state(self, session: Session) -> None:
        if self._shared.house is None:
            return
        try:
            async with in_time():
                self._outbox.tell(await self._shared.house.state_of(session.id, session.thread))
        except RetryableError as error:
            self._outbox.put(Problem("log_unavailable", retry_after=error.retry_after))

    async def _ask_house(self, client: Client, frame: EmailIn | Bye) -> None:
        session = client.session
        try:
            if self._shared.house is None:
                return
            async with in_time():
                if isinstance(frame, EmailIn):
                    await self._shared.house.left_email(session.id, session.thread, frame.email)
                else:
                    await self._shared.house.ended(session.id)
        except RetryableError as error:
            self._outbox.put(Problem("log_unavailable", retry_after=error.retry_after))
        except RefusedError as error:
            self._outbox.put(Problem("malformed", detail=str(error)))
        finally:
            self._gate.release()

    async def _say(self, client: Client, say: Say) -> None:
        try:
            interaction = _interaction(client, say)
            await self._shared.intake.submit(interaction)
        except TooLargeError:
            self._outbox.put(Problem("too_large", say.id))
        except RetryableError as error:
            self._outbox.put(Problem("log_unavailable", say.id, error.retry_after))
        else:
            self._outbox.put(Ack(say.id, interaction.id))
        finally:
            self._gate.release()

    async def _relay_typing(self, client: Client) -> None:
        now = time.monotonic()
        if now - self._typed_at < _TYPING_SECONDS:
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        self._typed_at = now
        self._shared.typing.take(self._place)
        if self._shared.typed is not None:
            await self._shared.typed(client.session.id)


async def _for_ever() -> None:
    await asyncio.Event().wait()


def _interaction(client: Client, say: Say) -> Interaction:
    session = client.session
    now = datetime.now(UTC)
    return Interaction(
        id=chat_id(session.id, say.id),
        channel=Channel.CHAT,
        sender=Party(address=session.address, name=client.name, proven=True),
        claims=client.claims,
        text=say.text,
        thread=session.thread,
        contact=session.id,
        occurred_at=now,
        received_at=now,
        language=client.language,
        hints=Hints(thread_signed=session.continues_link, session=session.id),
        details=dict(client.details),
    )
