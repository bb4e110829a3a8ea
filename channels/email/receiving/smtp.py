"""The SMTP server: 250 only after the log has the mail, 451 while it can't be had. In front of reception.py.

aiosmtpd's protocol with its limits lifted: long lines, PIPELINING, bounded memory. It relays nothing.
"""

from __future__ import annotations

import asyncio
import collections
import re
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from typing import Any, AnyStr, NoReturn, cast

import structlog
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as SmtpEnvelope
from aiosmtpd.smtp import Session as SmtpSession

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.certificate import Certificate
from channels.email.receiving.data_phase import BlankError, TooMuchDataError, read_data
from channels.email.receiving.door import Door, Limits
from channels.email.receiving.reception import MAIL_MAX_BYTES, Envelope, Reception
from channels.limits import network_of
from schemas.address import email_address
from schemas.errors import InvalidError, RateLimitedError, RetryableError, TooLargeError

log = structlog.get_logger()

_COMMAND_MAX_BYTES = 2048
_CHUNK_BYTES = 64 * 1024
_ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_ORDINARY = re.compile(rf"\s*<({_ATOMS}@{_ATOMS})>(?=\s|$)([^(]*)")
_LATER = "451 4.3.0 Cannot keep the mail right now, try again later"
_FAILED = "421 4.3.0 Something failed here, try again later"  # and nobody waits for another recipient's answer
_NO_TEXT = "553 5.6.7 An address is written in UTF-8"
_TOO_LARGE = "552 5.3.4 Message is larger than this system takes"
_TOO_SLOW = "421 4.4.2 Too slow, try again later"
_BLANK = "554 5.6.0 The mail begins with more blank lines than mails have"
_IN_VAIN = "421 4.7.0 Too many commands that bring no mail"
_TOO_MANY_LARGE = "421 4.3.2 Too many large mails are coming in right now, try again later"


class _Handler:
    """aiosmtpd's hooks: how much a peer may ask, who may be written to, what an unforeseen failure answers."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._mailboxes: Mailboxes = door.reception.mailboxes

    async def handle_EHLO(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, session: SmtpSession, _envelope: SmtpEnvelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        told = [line for line in responses[:-1] if not line.startswith("250-AUTH")]  # after STARTTLS, with no way to
        return [*told, "250-PIPELINING", responses[-1]]

    async def handle_MAIL(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, _session: SmtpSession, envelope: SmtpEnvelope, address: str, options: list[str]
    ) -> str:
        try:
            self._door.mails.take(_caller(server.transport))
        except RateLimitedError as error:
            return f"451 4.7.1 Too many mails from your address, try again in {error.retry_after} seconds"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, _session: SmtpSession, envelope: SmtpEnvelope, address: str, _options: list[str]
    ) -> str:
        if self._mailboxes.of(address) is None:
            try:
                self._door.unknown.take(_caller(server.transport))
            except RateLimitedError as error:
                return f"421 4.7.1 Too many unknown recipients, try again in {error.retry_after} seconds"
            return "550 5.1.1 No such mailbox here"
        if not _is_text(address):
            return _NO_TEXT  # alone: kept among the others it would fail them all
        if len(envelope.rcpt_tos) >= self._door.limits.recipients:
            return "452 4.5.3 Too many recipients, send the others another mail"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        log.warning("smtp_session_failed", error=type(error).__name__)
        return _FAILED


class Server(SMTP):
    """One connection. Counted from its first byte to its last; 421 ends it."""

    line_length_limit = _CHUNK_BYTES  # also the reader's buffer
    source = "smtp"

    def __init__(self, door: Door, hostname: str, tls: ssl.SSLContext | None, *, tls_required: bool) -> None:
        super().__init__(
            _Handler(door),
            data_size_limit=MAIL_MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Cauce",
            tls_context=tls,
            require_starttls=tls_required,
            timeout=door.limits.idle_seconds,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            loop=asyncio.get_running_loop(),
        )
        # the library shares one dict among all connections and widens it with every EHLO
        self.command_size_limits = collections.defaultdict(lambda: _COMMAND_MAX_BYTES)
        self._door = door
        self._place = ExitStack()
        self._in_line = False  # for a large mail's place
        self._in_vain = 0  # answers since the last mail

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it in, or turn it away."""
        starting_tls = self.transport is not None
        super().connection_made(transport)
        if starting_tls:
            return
        handling = cast("asyncio.Task[None]", self._handler_coroutine)
        handling.add_done_callback(_forgive)
        try:
            self._place.enter_context(self._door.place(_caller(transport)))
        except RateLimitedError as error:
            handling.cancel()
            self._hang_up(f"421 4.3.2 Too many connections, try again in {error.retry_after} seconds")

    def connection_lost(self, error: Exception | None) -> None:
        """Count it out."""
        self._place.close()
        super().connection_lost(error)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address of a MAIL or RCPT, and its parameters; None, None where there is none.

        The library reads it with the standard library's parser of headers, which takes an eighth of all that a mail
        costs the hub, until its timeline.
        """
        found = _ORDINARY.fullmatch(arg)
        if found is None or found[1].index("@") > self.local_part_limit > 0:
            return super()._getaddr(arg)
        return found[1], found[2].lstrip()

    async def push(self, status: AnyStr) -> None:
        """Say it; what begins with 421 is the last that is said (RFC 5321 §3.8)."""
        words = status if isinstance(status, str) else status.decode()
        self._in_vain += 1
        if self._in_vain > self._door.limits.answers_in_vain:
            words = _IN_VAIN  # they cost us as much as mails, and nothing else counts them
        if words.startswith("421"):
            self._end(words)
        await super().push(status)

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802, ARG002 -- aiosmtpd's name
        """Tells nobody who is here, in the words of RFC 5321 §7.3."""
        await self.push("252 2.1.5 Not verified: send the mail and see")

    async def smtp_EXPN(self, arg: str | None) -> None:  # noqa: N802 -- aiosmtpd's name
        """As VRFY."""
        await self.smtp_VRFY(arg)

    async def smtp_BDAT(self, arg: str | None) -> None:  # noqa: N802, ARG002 -- aiosmtpd's name
        """CHUNKING (RFC 3030), which we don't offer. What would follow is a mail: it must not be read as commands."""
        await self.push("421 5.5.1 CHUNKING is not offered here: use DATA")

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
                content = await read_data(self._reader, MAIL_MAX_BYTES, self._large(), self._reset_timeout)
                answers = await self._hand_over(envelope, content)
        except TooMuchDataError:
            answers = [_TOO_LARGE] * len(envelope.rcpt_tos)
        except BlankError:
            self._end(_BLANK)
        except TimeoutError:
            await self.push(_TOO_MANY_LARGE if self._in_line else _TOO_SLOW)
            return
        self.envelope = self._create_envelope()
        await self._answer(answers)

    @asynccontextmanager
    async def _large(self) -> AsyncGenerator[None]:
        """A place for a large mail. Who waits for one is not idle: only the time of the whole DATA runs on."""
        self._in_line = True
        self._reset_timeout(2 * self._door.limits.data_seconds)  # that one ends first, and says why
        async with self._door.large(_caller(self.transport)):
            self._in_line = False
            self._reset_timeout()
            yield

    async def _hand_over(self, envelope: SmtpEnvelope, content: bytes) -> list[str]:
        """The answer for each recipient."""
        self._reset_timeout()
        recipients = envelope.rcpt_tos
        try:
            ids = await self._door.reception.accept(
                Envelope(
                    source=self.source,
                    sender=_reverse_path(envelope.mail_from or ""),
                    recipients=tuple(recipients),
                    peer=_host(self.transport),
                ),
                content,
            )
        except RetryableError as error:
            log.warning("mail_not_kept", error=type(error).__name__, bytes=len(content))
            return [_LATER] * len(recipients)
        except TooLargeError:
            return [_TOO_LARGE] * len(recipients)
        self._in_vain = 0
        log.info("mail_kept", ids=[str(found) for found in ids], bytes=len(content), source=self.source)
        boxes = [self._door.reception.mailboxes.of(recipient) for recipient in recipients]
        kept_as = dict(zip(dict.fromkeys(boxes), ids, strict=True))
        return [f"250 2.0.0 OK {kept_as[box]}" for box in boxes]

    async def _answer(self, answers: list[str]) -> None:
        await self.push(answers[0])

    def _timeout_cb(self) -> None:
        self._hang_up(_TOO_SLOW)

    def _end(self, last_words: str) -> NoReturn:
        self._hang_up(last_words)
        raise ConnectionResetError  # of what it sent already nothing is a command any more

    def _hang_up(self, last_words: str) -> None:
        transport = cast("asyncio.Transport | None", self.transport)
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size():
            transport.abort()  # it doesn't read what we say: a close would wait for that for ever
            return
        transport.write(f"{last_words}\r\n".encode())
        transport.close()


async def serve_smtp(
    reception: Reception,
    listening: socket.socket,
    *,
    hostname: str,
    limits: Limits | None = None,
    rate_limit: bool = True,
    certificate: Certificate | None = None,
    tls_required: bool = False,
) -> asyncio.Server:
    """Answer SMTP on a listening socket. The caller closes the server; connections end with their mail."""
    door = Door(reception, limits or Limits(), rate_limit=rate_limit)

    def connection() -> Server:
        return Server(door, hostname, certificate.context() if certificate else None, tls_required=tls_required)

    return await asyncio.get_running_loop().create_server(connection, sock=listening)


def _reverse_path(sender: str) -> str:
    """The sender as we keep it: empty for a bounce's `<>`, without what UTF-8 can't hold."""
    plain = sender.encode("utf-8", "replace").decode("utf-8")
    if plain == "<>":
        return ""
    try:
        return email_address(plain).partition(":")[2]
    except InvalidError:
        return plain


def _is_text(address: str) -> bool:
    return address.encode("utf-8", "replace").decode() == address


def _host(transport: asyncio.BaseTransport | None) -> str:
    peer: tuple[Any, ...] | None = transport.get_extra_info("peername") if transport is not None else None
    return str(peer[0]) if peer else ""


def _caller(transport: asyncio.BaseTransport | None) -> str:
    return network_of(_host(transport))


def _forgive(task: asyncio.Task[None]) -> None:
    # a client that hangs up in the middle is its own business, not an error of the event loop
    if not task.cancelled():
        task.exception()
