"""SMTP and LMTP servers: 250 only after the log has the mail, 451 while it can't be had. In front of reception.py.

aiosmtpd's protocol with its limits lifted: long lines, PIPELINING, one LMTP answer a recipient, bounded memory.
"""

from __future__ import annotations

import asyncio
import collections
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as SmtpEnvelope
from aiosmtpd.smtp import Session as SmtpSession

from channels.email.data_phase import TooMuchDataError, read_data
from channels.email.mailboxes import Mailboxes
from channels.email.reception import MAIL_MAX_BYTES, Envelope, Reception
from schemas.address import email_address
from schemas.errors import InvalidError, RetryableError, TooLargeError

log = structlog.get_logger()

_COMMAND_MAX_BYTES = 2048
_CHUNK_BYTES = 64 * 1024
_LATER = "451 4.3.0 Cannot keep the mail right now, try again later"
_TOO_LARGE = "552 5.3.4 Message is larger than this system takes"


@dataclass(frozen=True)
class Limits:
    """What one server takes on. `large_at_once` bounds memory: that many mails over 1 MiB are read at a time."""

    connections: int = 200
    idle_seconds: float = 120.0
    data_seconds: float = 900.0
    recipients: int = 100
    large_at_once: int = 8


@dataclass
class Door:
    """What all connections of one server share."""

    reception: Reception
    limits: Limits
    open: int = 0
    large: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.large = asyncio.Semaphore(self.limits.large_at_once)


class _Handler:
    """aiosmtpd's hooks: who may be written to, and what an unforeseen failure answers."""

    def __init__(self, door: Door) -> None:
        self._mailboxes: Mailboxes = door.reception.mailboxes
        self._recipients = door.limits.recipients

    async def handle_EHLO(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, session: SmtpSession, _envelope: SmtpEnvelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: SmtpSession, envelope: SmtpEnvelope, address: str, _options: list[str]
    ) -> str:
        if self._mailboxes.of(address) is None:
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= self._recipients:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        log.warning("smtp_session_failed", error=type(error).__name__)
        return _LATER


class Server(SMTP):
    """One connection. Counted from its first byte to its last."""

    line_length_limit = _CHUNK_BYTES  # also the reader's buffer
    source = "smtp"

    def __init__(self, door: Door, hostname: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            _Handler(door),
            data_size_limit=MAIL_MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Cauce",
            tls_context=tls,
            timeout=door.limits.idle_seconds,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
        # the library shares one dict among all connections and widens it with every EHLO
        self.command_size_limits = collections.defaultdict(lambda: _COMMAND_MAX_BYTES)
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it in, or turn it away."""
        starting_tls = self.transport is not None
        super().connection_made(transport)
        if starting_tls:
            return
        self._door.open += 1
        handling = cast("asyncio.Task[None]", self._handler_coroutine)
        handling.add_done_callback(_forgive)
        if self._door.open > self._door.limits.connections:
            out = cast("asyncio.Transport", transport)
            handling.cancel()
            out.write(b"421 4.3.2 Too many connections, try again later\r\n")
            out.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Count it out."""
        self._door.open -= 1
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 -- aiosmtpd's name
        """Read the mail, hand it over, answer."""
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            async with asyncio.timeout(self._door.limits.data_seconds):
                content = await read_data(self._reader, MAIL_MAX_BYTES, self._door.large, self._reset_timeout)
                answer = await self._hand_over(envelope, content)
        except TooMuchDataError:
            answer = _TOO_LARGE
        except TimeoutError:
            await self.push("421 4.4.2 Too slow")
            cast("asyncio.Transport", self.transport).close()
            return
        self.envelope = self._create_envelope()
        await self._answer(answer, len(envelope.rcpt_tos))

    async def _hand_over(self, envelope: SmtpEnvelope, content: bytes) -> str:
        self._reset_timeout()
        try:
            ids = await self._door.reception.accept(
                Envelope(
                    source=self.source,
                    sender=_reverse_path(envelope.mail_from or ""),
                    recipients=tuple(envelope.rcpt_tos),
                    peer=_peer(self.transport),
                ),
                content,
            )
        except RetryableError as error:
            log.warning("mail_not_kept", error=type(error).__name__, bytes=len(content))
            return _LATER
        except TooLargeError:
            return _TOO_LARGE
        log.info("mail_kept", ids=[str(found) for found in ids], bytes=len(content), source=self.source)
        return f"250 2.0.0 OK {ids[0]}"

    async def _answer(self, answer: str, recipients: int) -> None:  # noqa: ARG002 -- LMTP answers each
        await self.push(answer)


class LmtpServer(Server):
    """RFC 2033: LHLO, and after the data one answer for each recipient."""

    source = "lmtp"

    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 -- aiosmtpd's name
        """The greeting, instead of HELO and EHLO."""
        await super().smtp_EHLO(arg)

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802, ARG002 -- aiosmtpd's name
        """Not LMTP."""
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 -- aiosmtpd's name
        """Not LMTP."""
        await self.smtp_HELO(hostname)

    async def check_helo_needed(self, helo: str = "LHLO") -> bool:
        """Has the client greeted?"""
        return await super().check_helo_needed(helo)

    async def _answer(self, answer: str, recipients: int) -> None:
        await self.push("\r\n".join([answer] * recipients))


async def serve_smtp(
    reception: Reception,
    listening: socket.socket,
    *,
    hostname: str,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
) -> asyncio.Server:
    """Answer SMTP on a listening socket. The caller closes the server; connections end with their mail."""
    door = Door(reception, limits or Limits())
    return await asyncio.get_running_loop().create_server(lambda: Server(door, hostname, tls), sock=listening)


async def serve_lmtp(
    reception: Reception, listening: socket.socket, *, hostname: str, limits: Limits | None = None
) -> asyncio.Server:
    """Answer LMTP on a listening socket: what a local mail server hands over."""
    door = Door(reception, limits or Limits())
    return await asyncio.get_running_loop().create_server(lambda: LmtpServer(door, hostname, None), sock=listening)


def _reverse_path(sender: str) -> str:
    """The sender as we keep it: empty for a bounce's `<>`, without what UTF-8 can't hold."""
    plain = sender.encode("utf-8", "replace").decode("utf-8")
    if plain == "<>":
        return ""
    try:
        return email_address(plain).partition(":")[2]
    except InvalidError:
        return plain


def _peer(transport: asyncio.BaseTransport | None) -> str:
    peer: tuple[Any, ...] | None = transport.get_extra_info("peername") if transport is not None else None
    return str(peer[0]) if peer else ""


def _forgive(task: asyncio.Task[None]) -> None:
    # a client that hangs up in the middle is its own business, not an error of the event loop
    if not task.cancelled():
        task.exception()
