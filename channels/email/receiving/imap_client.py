"""aioimaplib, its faults mended above it (docs/decisions/0022-aioimaplib-mended.md). Below imap_session.py."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false
# -- the library has few types, and those lack every `| None`

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import re
import ssl
from typing import Self

from aioimaplib import IMAP4, AioImapException, Command, IMAP4ClientProtocol, Response
from aioimaplib.aioimaplib import AUTH, CONNECTED, STARTED, quoted

from channels.email.receiving.imap_responses import Line, LoginRefusedError, MailboxError, Responses

# It writes what is sent and received: tokens, mails. A filter, since configuring logging resets `disabled`.
logging.getLogger("aioimaplib.aioimaplib").addFilter(lambda _: False)

_CODE = re.compile(r"\[([A-Z-]+)", re.IGNORECASE)
_QUOTABLE = re.compile(r"[\x20-\x7e]*")
_LATER = {"UNAVAILABLE", "INUSE", "LIMIT", "CONTACTADMIN", "SERVERBUG"}  # RFC 5530: not the password's fault


class _Protocol(IMAP4ClientProtocol):  # type: ignore[misc]  # -- it says no types
    """The library's, one command at a time. Raises what Client does."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, literal_max_bytes: int) -> None:
        super().__init__(loop)
        self._seconds = seconds
        self._responses = Responses(literal_max_bytes)
        self._bound: asyncio.Timeout | None = None  # while the server owes an answer
        self._end: Exception | None = None
        self.to_say: list[str] = []  # a line each time that the server says `+`
        self.greeting: asyncio.Future[Line] = loop.create_future()

    def data_received(self, d: bytes) -> None:
        # A loop: the library recurses once a line, and thousands come at once when a folder is emptied. And it keeps
        # literals of any size, knows only capitals, takes every `* ` out of a line, counts quoted parentheses.
        try:
            for line in self._responses.feed(d):
                self._told(line)
        except MailboxError as error:
            self._ended(error)
            self.transport.abort()
        if self._bound is not None and self._bound.when() is not None:
            self._wait_at_most(self._seconds)  # a large mail takes its time
        if self.pending_sync_command is not None:
            self.pending_sync_command.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._ended(exc or EOFError("the server hung up"))

    async def capability(self) -> None:
        # the library takes the first line, whatever it says
        lines = agreed(await self.execute(Command("CAPABILITY", self.new_tag(), loop=self.loop)))
        found = (line.decode("ascii", "replace").upper().split() for line in lines)
        self.capabilities = {word for words in found if words[:2] == ["*", "CAPABILITY"] for word in words[2:]}

    async def execute(self, command: Command, scrub: str | None = None) -> Response:
        # the library bounds some commands, and most of those as a whole
        self._raise_ended()
        try:
            async with asyncio.timeout(self._seconds) as self._bound:
                response = await super().execute(command, scrub)
        except AioImapException as error:
            raise MailboxError(str(error)) from error
        finally:
            self._bound = None
        self._raise_ended()
        return response

    def idle_done(self) -> None:
        super().idle_done()
        self._wait_at_most(self._seconds)

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """RFC 3501 §6.2.1, which the library lacks."""
        agreed(await self.execute(Command("STARTTLS", self.new_tag(), loop=self.loop)))
        self._responses = Responses(self._responses.literal_max_bytes)  # an answer begun in the clear is none
        async with asyncio.timeout(self._seconds):
            transport = await self.loop.start_tls(self.transport, self, context, server_hostname=host)
        if transport is None:
            raise EOFError("the server hung up")
        self.transport = transport
        await self.capability()

    def _told(self, line: Line) -> None:
        command = self._pending()
        if self.state == CONNECTED:
            if not self.greeting.done():
                self.greeting.set_result(line)
        elif line.startswith(b"+"):
            self._continuation(line)
        elif line.startswith(b"*"):
            if command is not None:
                command.append_to_resp(line)
        elif command is not None and line.startswith(f"{command.tag} ".encode()):
            tag, result, *rest = line.split(b" ", 2)
            self._response_done(b" ".join((tag, result.upper(), *rest)))
        else:
            raise MailboxError("an answer that is not IMAP")

    def _continuation(self, line: bytes) -> None:
        if self.has_pending_idle_command():
            super()._continuation(line)
            self._wait_at_most(None)
        else:  # XOAUTH2 explains its refusal and waits for an empty one
            self.send(self.to_say.pop(0) if self.to_say else "")

    def _wait_at_most(self, seconds: float | None) -> None:
        if self._bound is not None and not self._bound.expired():
            self._bound.reschedule(None if seconds is None else self.loop.time() + seconds)

    def _ended(self, why: Exception) -> None:
        # the library tells nothing that is pending
        self._end = self._end or why
        if not self.greeting.done():
            self.greeting.set_exception(self._end)
        command = self._pending()
        if command is not None:
            command.close(b"", "BAD")

    def _raise_ended(self) -> None:
        if self._end is not None:
            raise self._end

    def _pending(self) -> Command | None:
        return self.pending_sync_command or next(iter(self.pending_async_commands.values()), None)


class Client(IMAP4):  # type: ignore[misc]  # -- likewise
    """Signed in or not, in a mailbox or not: the caller knows. No wait for the server is longer than `seconds`.

    Raises OSError, EOFError, TimeoutError when the connection is gone; MailboxError when an answer makes no sense.
    """

    protocol: _Protocol

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, *, seconds: float, literal_max_bytes: int
    ) -> None:
        self._tls = tls
        self._bounds = seconds, literal_max_bytes
        super().__init__(host, port, timeout=None)

    def create_client(self, host: str, port: int, *_: object, **__: object) -> None:
        """The library's, with our protocol."""
        loop = asyncio.get_running_loop()
        self.protocol = _Protocol(loop, *self._bounds)
        self._client_task = loop.create_task(loop.create_connection(lambda: self.protocol, host, port, ssl=self._tls))

    @classmethod
    async def connect(
        cls, host: str, port: int, tls: ssl.SSLContext | None, *, seconds: float, literal_max_bytes: int
    ) -> Self:
        """To its greeting."""
        client = cls(host, port, tls, seconds=seconds, literal_max_bytes=literal_max_bytes)
        try:
            await client.wait_hello_from_server()
        except BaseException:
            client.hang_up()
            raise
        return client

    async def _wait_connection_and_hello(self) -> None:
        async with asyncio.timeout(self._bounds[0]):
            await self._client_task
            greeting = await self.protocol.greeting
        # the library waits on after a refusal; and PREAUTH would keep us from STARTTLS
        if not greeting.upper().startswith(b"* OK"):
            raise MailboxError(_plain(greeting))
        await self.protocol.welcome(b"OK")

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Never goes on without."""
        if not self.has_capability("STARTTLS"):
            raise MailboxError("the server has no STARTTLS, which CAUCE_IMAP asks for")
        await self.protocol.start_tls(context, self.host)

    async def sign_in(self, user: str, password: str) -> None:
        """Raises LoginRefusedError."""
        if self.has_capability("LOGINDISABLED"):
            raise LoginRefusedError("the server takes no password in the clear: imaps://, or ?starttls")
        words, *to_say = _spelled(user, password)  # the library quotes letters that IMAP wants as literals
        await self._sign_in("LOGIN", words, *to_say)

    async def sign_in_by_token(self, user: str, token: str) -> None:
        """Raises LoginRefusedError."""
        if not self.has_capability("AUTH=XOAUTH2"):
            raise LoginRefusedError("the server has no XOAUTH2")
        said = base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode()).decode()
        # the library says it in the same line, which not every server takes (RFC 4959)
        await self._sign_in("AUTHENTICATE", "XOAUTH2", said)

    async def wait_for_news(self, seconds: float) -> None:
        """RFC 2177: until there may be news, at most so long (29 minutes, says the standard)."""
        idle, news = asyncio.create_task(self.idle()), asyncio.create_task(self._news(seconds))
        try:
            await asyncio.wait({idle, news}, return_when=asyncio.FIRST_COMPLETED)
            if not idle.done():
                self.idle_done()
            agreed(await idle)
        finally:
            idle.cancel()
            news.cancel()

    def hang_up(self) -> None:
        """At once."""
        self._client_task.cancel()
        if self.protocol.state != STARTED:
            self.protocol.transport.abort()

    async def _news(self, seconds: float) -> None:
        await self.protocol.wait_for_idle_response()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                pushed: list[Line] = []
                while not any(line.upper().rstrip().endswith(b"EXISTS") for line in pushed):
                    pushed = await self.protocol.idle_queue.get()

    async def _sign_in(self, command: str, argument: str, *to_say: str) -> None:
        protocol = self.protocol
        protocol.to_say = list(to_say)
        response = await protocol.execute(Command(command, protocol.new_tag(), argument, loop=protocol.loop))
        why = refusal(response)
        if why:
            code = _CODE.search(why)
            later = code is not None and code.group(1).upper() in _LATER
            raise (MailboxError if later else LoginRefusedError)(why)
        protocol.state = AUTH
        await protocol.capability()


def agreed(response: Response) -> list[Line]:
    """Its lines, last what the server says of them. Raises MailboxError when it is refused."""
    why = refusal(response)
    if why:
        raise MailboxError(why)
    lines: list[Line] = response.lines
    return lines


def refusal(response: Response) -> str:
    """In the server's words; empty when there is none."""
    return "" if response.result == "OK" else f"{response.result} {_plain(response.lines[-1])}"


def mailbox_name(folder: str) -> str:
    """As IMAP spells it (RFC 3501 §5.1.3): `Técnico` is `T&AOk-cnico`."""
    spelled: list[str] = []
    for ascii_part, other in re.findall(r"([\x20-\x7e]+)|([^\x20-\x7e]+)", folder):
        if other:
            base = base64.b64encode(other.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            spelled.append(f"&{base}-")
        else:
            spelled.append(ascii_part.replace("&", "&-"))
    return "".join(spelled)


def _spelled(*words: str) -> list[str]:
    """Quoted, or as literals: the end of a command, then a line each time that the server says `+`."""
    lines = [""]
    for word in words:
        separator = " " if lines[-1] else ""
        if _QUOTABLE.fullmatch(word):
            lines[-1] += separator + quoted(word)
        else:
            lines[-1] += f"{separator}{{{len(word.encode())}}}"
            lines.append(word)
    return lines


def _plain(answer: bytes) -> str:
    return answer.decode("utf-8", "replace").strip()[:200]
