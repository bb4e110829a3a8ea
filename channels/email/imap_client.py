"""A small IMAP client (RFC 3501): one command at a time on one connection, literals of any size. Below imap.py.

Why not a library's: docs/decisions/0022-own-imap-client.md.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import secrets
import ssl
from dataclasses import dataclass
from itertools import count

_CHUNK_BYTES = 64 * 1024
_LINE_MAX_BYTES = 16 * 1024 * 1024  # the answer to a search in a mailbox of two million
_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_CODE = re.compile(rb"\[([A-Z-]+)", re.IGNORECASE)
_QUOTABLE = re.compile(rb"[\x20-\x7e]*")
_LATER = {"UNAVAILABLE", "INUSE", "LIMIT", "CONTACTADMIN", "SERVERBUG"}  # RFC 5530: not the fault of the password


class MailboxError(Exception):
    """The server said no, or nothing that can be understood. In words for the operator; never a secret."""


class LoginRefusedError(MailboxError):
    """It doesn't want us: asking again soon makes nothing better."""


@dataclass(frozen=True, slots=True)
class Line:
    """One response. `text` has `{n}` where a literal stood; one over the limit was read and is None."""

    text: bytes
    literals: tuple[bytes | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """NO or BAD to a command, with the code in its brackets where there is one."""

    code: str
    text: str


class Client:
    """Signed in or not, in a mailbox or not: the caller knows. No wait for the server is longer than `seconds`.

    Raises OSError, EOFError, TimeoutError when the connection is gone; MailboxError when an answer makes no sense.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, seconds: float, literal_max_bytes: int
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._seconds = seconds
        self._literal_max_bytes = literal_max_bytes
        self._numbers = count(1)
        self._prefix = secrets.token_hex(4).encode()  # so that nobody answers in advance what STARTTLS will protect
        self.capabilities: frozenset[str] = frozenset()

    @classmethod
    async def connect(
        cls, host: str, port: int, tls: ssl.SSLContext | None, *, seconds: float, literal_max_bytes: int
    ) -> Client:
        """To its greeting."""
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=_CHUNK_BYTES)
        client = cls(reader, writer, seconds=seconds, literal_max_bytes=literal_max_bytes)
        try:
            await client._greeted()
        except BaseException:
            client.hang_up()
            raise
        return client

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Never goes on without. What was learnt in the clear is asked again (RFC 3501 §6.2.1)."""
        if "STARTTLS" not in self.capabilities:
            raise MailboxError("the server has no STARTTLS, which CAUCE_IMAP asks for")
        await self.ask("STARTTLS")
        async with asyncio.timeout(self._seconds):
            await self._writer.start_tls(context, server_hostname=host)
        await self._learn()

    async def login(self, user: str, password: str) -> None:
        """Raises LoginRefusedError."""
        if "LOGINDISABLED" in self.capabilities:
            raise LoginRefusedError("the server takes no password in the clear: imaps://, or ?starttls")
        await self._signed_in(await self.try_to("LOGIN", user, password))

    async def authenticate_xoauth2(self, user: str, token: str) -> None:
        """Raises LoginRefusedError."""
        if "AUTH=XOAUTH2" not in self.capabilities:
            raise LoginRefusedError("the server has no XOAUTH2")
        tag = self._begin(b"AUTHENTICATE XOAUTH2")
        found = await self._go_ahead(tag)
        if found is None:
            self._writer.write(base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode()) + b"\r\n")
            await self._signed_in(await self._finish(tag))
        else:
            await self._signed_in(found)

    async def ask(self, command: str, *arguments: str) -> list[Line]:
        """Its responses, last the one that says OK. Raises MailboxError when it is refused."""
        found = await self.try_to(command, *arguments)
        if isinstance(found, Refusal):
            raise MailboxError(found.text)
        return found

    async def try_to(self, command: str, *arguments: str) -> list[Line] | Refusal:
        """As `ask`, but a refusal is an answer. `command` goes as it is, each argument as a string."""
        tag = self._tag()
        line = tag + b" " + command.encode()
        for argument in arguments:
            data = argument.encode()
            if _QUOTABLE.fullmatch(data):
                line += b' "' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
                continue
            self._writer.write(line + b" {%d}\r\n" % len(data))
            refusal = await self._go_ahead(tag)
            if refusal is not None:
                return refusal
            line = data
        self._writer.write(line + b"\r\n")
        return await self._finish(tag)

    async def idle(self, seconds: float) -> None:
        """RFC 2177: until there may be news, at most so long (29 minutes, says the standard)."""
        tag = self._begin(b"IDLE")
        refusal = await self._go_ahead(tag)
        if refusal is not None:
            raise MailboxError(refusal.text)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (await self._line(seconds)).text.upper().rstrip().endswith(b"EXISTS"):
                    pass
        self._writer.write(b"DONE\r\n")
        await self._finish(tag)

    def hang_up(self) -> None:
        """At once."""
        self._writer.transport.abort()

    async def _greeted(self) -> None:
        greeting = await self._line()
        if not greeting.text.upper().startswith(b"* OK"):
            raise MailboxError(_plain(greeting.text))
        await self._learn()

    async def _learn(self) -> None:
        found = await self.ask("CAPABILITY")
        self.capabilities = frozenset(
            word.upper()
            for line in found
            if line.text.upper().startswith(b"* CAPABILITY")
            for word in line.text.decode("ascii", "replace").split()[2:]
        )

    async def _signed_in(self, found: list[Line] | Refusal) -> None:
        if isinstance(found, Refusal):
            raise (MailboxError if found.code in _LATER else LoginRefusedError)(found.text)
        await self._learn()

    def _tag(self) -> bytes:
        return b"c%s%d" % (self._prefix, next(self._numbers))

    def _begin(self, command: bytes) -> bytes:
        tag = self._tag()
        self._writer.write(tag + b" " + command + b"\r\n")
        return tag

    async def _go_ahead(self, tag: bytes) -> Refusal | None:
        """None: the server said `+`."""
        while True:
            line = await self._line()
            if line.text.startswith(b"+"):
                return None
            if line.text.startswith(tag + b" "):
                return _refusal(line.text.removeprefix(tag + b" "))

    async def _finish(self, tag: bytes) -> list[Line] | Refusal:
        await self._writer.drain()
        found: list[Line] = []
        while True:
            line = await self._line()
            if line.text.startswith(b"+"):
                self._writer.write(b"\r\n")  # XOAUTH2 explains its refusal and waits for a word; nothing else asks
            elif line.text.startswith(b"*"):
                found.append(line)
            elif line.text.startswith(tag + b" "):
                answer = line.text.removeprefix(tag + b" ")
                return [*found, Line(answer)] if answer[:2].upper() == b"OK" else _refusal(answer)
            else:
                raise MailboxError("an answer that is not IMAP")

    async def _line(self, seconds: float | None = None) -> Line:
        """With its literals. Waits `seconds` for its beginning, as usual for each piece of the rest."""
        text = await self._until_end_of_line(seconds or self._seconds)
        literals: list[bytes | None] = []
        while (found := _LITERAL.search(text)) is not None:
            literals.append(await self._literal(int(found.group(1))))
            text += await self._until_end_of_line(self._seconds)
            if len(text) > _LINE_MAX_BYTES:
                raise MailboxError("a line without end")
        return Line(text, tuple(literals))

    async def _until_end_of_line(self, seconds: float) -> bytes:
        found = b""
        async with asyncio.timeout(seconds):
            while len(found) <= _LINE_MAX_BYTES:
                try:
                    return found + await self._reader.readuntil(b"\r\n")
                except asyncio.LimitOverrunError as overrun:
                    found += await self._reader.read(overrun.consumed)
        raise MailboxError("a line without end")

    async def _literal(self, size: int) -> bytes | None:
        kept = bytearray()
        left = size
        while left:
            async with asyncio.timeout(self._seconds):
                piece = await self._reader.read(min(left, _CHUNK_BYTES))
            if not piece:
                raise EOFError("the server hung up in the middle of a mail")
            left -= len(piece)
            if size <= self._literal_max_bytes:
                kept += piece
        return bytes(kept) if size <= self._literal_max_bytes else None


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


def _refusal(answer: bytes) -> Refusal:
    code = _CODE.search(answer)
    return Refusal(code.group(1).decode().upper() if code else "", _plain(answer))


def _plain(answer: bytes) -> str:
    return answer.decode("utf-8", "replace").strip()[:200]
