"""Hands a mail to our outgoing server by SMTP and says what became of it. Used by services/deliveries/worker.py."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from schemas.errors import SettingsError

_PERMANENT = 500
_WORD_MAX_CHARACTERS = 300
_ADDRESS = re.compile(r"\S+@\S+")


class Fate(StrEnum):
    """What became of an attempt. `unknown`: it had the mail and did not answer."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate and the remote's word, without addresses. `ours`: something of ours failed before any attempt."""

    fate: Fate
    word: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """`smtp://user:password@host:25/?starttls` or `smtps://…`; the password is in no text made of it.

    `ca`: a file of certificates to trust instead of the system's.
    """

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool
    ca: str = ""

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"


def read_server(url: str) -> Server:
    """Raises SettingsError."""
    wrong = "CAUCE_MAIL_OUT is smtp://user:password@host:port/?starttls or smtps://…, both with &ca=FILE or without"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(wrong) from error
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise SettingsError(wrong)
    tls = parts.scheme == "smtps"
    options = parse_qs(parts.query, keep_blank_values=True)
    if not options.keys() <= {"starttls", "ca"}:
        raise SettingsError(wrong)
    starttls = "starttls" in options
    return Server(
        host=parts.hostname,
        port=port or (465 if tls else 587 if starttls else 25),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        starttls=starttls and not tls,
        ca=options.get("ca", [""])[-1],
    )


class Submission:
    """One connection a mail. `seconds` bounds an attempt as a whole."""

    def __init__(self, server: Server, *, seconds: float = 50.0) -> None:
        """Raises SettingsError when the file of certificates can't be used."""
        self._server = server
        self._seconds = seconds
        try:
            self._tls = ssl.create_default_context(cafile=server.ca) if server.ca else None
        except OSError as error:  # SSLError is one
            raise SettingsError(f"CAUCE_MAIL_OUT names a file that can't be used: {error}") from error

    async def send(self, sender: str, recipient: str, data: bytes) -> Outcome:
        """Try once. Whatever the network does is an Outcome."""
        progress = _Progress()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._attempt(sender, recipient, data, progress)
        except aiosmtplib.SMTPAuthenticationError as error:
            return Outcome(Fate.LATER, _word(f"sign-in refused: {error.code}"))  # ours to repair, not the customer's
        except aiosmtplib.SMTPConnectResponseError as error:
            return Outcome(Fate.LATER, _answer(error.code, error.message, recipient))
        except aiosmtplib.SMTPResponseException as error:
            fate = Fate.REFUSED if error.code >= _PERMANENT else Fate.LATER
            return Outcome(fate, _answer(error.code, error.message, recipient))
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError, ValueError) as error:
            # once it may hold the whole mail, only it knows whether it took it
            return Outcome(Fate.UNKNOWN if progress.handing_over else Fate.LATER, _word(type(error).__name__))

    async def _attempt(self, sender: str, recipient: str, data: bytes, progress: _Progress) -> Outcome:
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user,
            password=self._server.password,
            use_tls=self._server.tls,
            start_tls=self._server.starttls,
            tls_context=self._tls,
            timeout=self._seconds,
        )
        try:
            await client.connect()
            options = () if sender.isascii() and recipient.isascii() else ("SMTPUTF8",)
            await client.mail(sender, options=options, encoding="utf-8")
            await client.rcpt(recipient, encoding="utf-8")
            progress.handing_over = True
            answer = await client.data(data)
            return Outcome(Fate.SENT, _answer(answer.code, answer.message, recipient))
        finally:
            # no QUIT: its answer tells nothing and may take as long as it likes
            client.close()


@dataclass(slots=True)
class _Progress:
    handing_over: bool = False


def _answer(code: int, message: str, recipient: str) -> str:
    """The remote's word in the clear: it names nobody. Some name the mailbox without its domain."""
    mailbox = re.compile(rf"(?<!\w){re.escape(recipient.rpartition('@')[0])}(?!\w)", re.IGNORECASE)
    return _word(f"{code} {mailbox.sub('…', _ADDRESS.sub('…', message))}")


def _word(text: str) -> str:
    return " ".join(_ADDRESS.sub("…", text).split())[:_WORD_MAX_CHARACTERS]
