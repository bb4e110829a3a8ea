"""Reads a mailbox by IMAP: by UID, without touching it, marked as seen once the log has it. In front of reception.py.

By UID, not by UNSEEN: that misses what was read elsewhere. Reading again after a crash is harmless: ids are the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Self, cast
from urllib.parse import unquote, urlsplit

import structlog
from aioimaplib import IMAP4, IMAP4_SSL, AioImapException

from channels.email import imap_checkpoints
from channels.email.headers import Headers
from channels.email.imap_checkpoints import Checkpoint
from channels.email.mailboxes import Mailboxes
from channels.email.reception import MAIL_MAX_BYTES, Envelope, Reception
from eventstore.database import Database
from schemas.errors import RetryableError, SettingsError, TooLargeError

log = structlog.get_logger()

_ANSWER_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 1.0
_LAST_PAUSE_SECONDS = 60.0
_HEADERS_MAX_BYTES = 64 * 1024
_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]", re.IGNORECASE)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)", re.IGNORECASE)
_INTERNALDATE = re.compile(
    rb'INTERNALDATE "\s?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.IGNORECASE
)
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")
_RETURN_PATH = re.compile(r"<([^<>\s]*)>")


class MailboxError(Exception):
    """The IMAP server said no."""


@dataclass(frozen=True, slots=True)
class Account:
    """`imaps://user:password@host:993/INBOX`. `name` is the same without the password."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool

    @property
    def name(self) -> str:
        """As the checkpoint, the logs and a mail's `source` know it."""
        return f"{'imaps' if self.tls else 'imap'}://{self.user}@{self.host}:{self.port}/{self.folder}"

    def __repr__(self) -> str:
        return f"Account({self.name})"


def read_account(url: str) -> Account:
    """Raises SettingsError."""
    wrong = "CAUCE_IMAP is imaps://user:password@host:port/MAILBOX, several with spaces between"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(wrong) from error
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
        raise SettingsError(wrong)
    tls = parts.scheme == "imaps"
    return Account(
        host=parts.hostname,
        port=port or (993 if tls else 143),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )


class MailboxReader:
    """One mailbox, read until cancelled. `poll_seconds`: how long to wait at most for news, by IDLE or by sleeping."""

    def __init__(
        self, database: Database, reception: Reception, account: Account, *, poll_seconds: float = 60.0
    ) -> None:
        self._database = database
        self._reception = reception
        self._account = account
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Connect, read, wait; again after a growing pause when anything fails."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                async with _Session(self._account) as session:
                    uidvalidity = await session.select(self._account.folder)
                    while True:
                        await self._read_new(session, uidvalidity)
                        pause = _FIRST_PAUSE_SECONDS
                        await session.wait(self._poll_seconds)
            except (AioImapException, MailboxError, RetryableError, OSError, TimeoutError) as error:
                log.warning(
                    "imap_interrupted", mailbox=self._account.name, error=type(error).__name__, pause_seconds=pause
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_PAUSE_SECONDS)

    async def _read_new(self, session: _Session, uidvalidity: int) -> None:
        stored = await self._database.run(imap_checkpoints.read, self._account.name)
        last = stored.last_uid if stored is not None and stored.uidvalidity == uidvalidity else 0
        for uid in await session.uids_after(last):
            await self._take(session, uid)
            await self._database.run(imap_checkpoints.save, self._account.name, Checkpoint(uidvalidity, uid))

    async def _take(self, session: _Session, uid: int) -> None:
        found = await session.describe(uid)
        if found is None:
            return  # expunged meanwhile
        size, internal_date = found
        if size > MAIL_MAX_BYTES:
            log.warning("imap_mail_too_large", mailbox=self._account.name, uid=uid, bytes=size)
            return  # it stays in the mailbox, unseen
        content = await session.fetch(uid)
        if content is None:
            log.warning("imap_mail_not_given", mailbox=self._account.name, uid=uid)
            return
        envelope = envelope_of(content, self._account.name, self._reception.mailboxes)
        try:
            await self._reception.accept(envelope, content, received_at=internal_date)
        except TooLargeError:  # some servers understate the size; it must not stop those behind it
            log.warning("imap_mail_too_large", mailbox=self._account.name, uid=uid, bytes=len(content))
            return
        # only now: what is marked as seen is durable
        await session.mark_seen(uid)


def envelope_of(content: bytes, name: str, mailboxes: Mailboxes) -> Envelope:
    """The envelope a mail had, as far as its headers tell. Nobody of ours named: the first mailbox has it."""
    head = re.split(rb"\r?\n\r?\n", content[:_HEADERS_MAX_BYTES], maxsplit=1)[0]
    headers = Headers(email.message_from_bytes(head))
    named = (party.address.partition(":")[2] for party in headers.parties("Delivered-To", "X-Original-To", "To", "Cc"))
    ours = [address for address in named if mailboxes.of(address) is not None]
    first = mailboxes.of(ours[0]) if ours else None
    path = _RETURN_PATH.search(headers.raw("Return-Path"))
    return Envelope(
        source=f"imap:{name}",
        sender=path.group(1) if path else "",
        recipients=tuple(address for address in ours if mailboxes.of(address) == first) or (mailboxes.first,),
    )


class _Session:
    """A connection, signed in. All that touches aioimaplib's untyped answers."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def __aenter__(self) -> Self:
        kind = IMAP4_SSL if self._account.tls else IMAP4
        self._client: Any = kind(self._account.host, self._account.port, timeout=_ANSWER_SECONDS)
        try:
            await self._client.wait_hello_from_server()
            await self._ask(self._client.login(_quoted(self._account.user), self._account.password))
        except BaseException:
            self._hang_up()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(AioImapException, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._client.logout()
        self._hang_up()

    async def select(self, folder: str) -> int:
        """Open it; returns its UIDVALIDITY."""
        lines = await self._ask(self._client.select(_quoted(folder)))
        found = _UIDVALIDITY.search(b"\n".join(lines))
        if found is None:
            raise MailboxError("no UIDVALIDITY")
        return int(found.group(1))

    async def uids_after(self, last: int) -> list[int]:
        """What came since, oldest first."""
        lines = await self._ask(self._client.uid_search("UID", f"{last + 1}:*", charset=None))
        uids = {int(word) for line in lines[:-1] for word in line.split() if word.isdigit()}
        return sorted(uid for uid in uids if uid > last)  # `*` is the last one there is, even when that is older

    async def describe(self, uid: int) -> tuple[int, datetime | None] | None:
        """Size, and when the server got it."""
        lines = b" ".join(await self._ask(self._client.uid("fetch", str(uid), "(RFC822.SIZE INTERNALDATE)")))
        size = _SIZE.search(lines)
        return (int(size.group(1)), _moment(lines)) if size is not None else None

    async def fetch(self, uid: int) -> bytes | None:
        """The whole mail, its flags left alone."""
        lines = await self._ask(self._client.uid("fetch", str(uid), "(BODY.PEEK[])"))
        literal = [line for before, line in pairwise(lines) if before.endswith(b"}")]
        return bytes(literal[0]) if literal else None

    async def mark_seen(self, uid: int) -> None:
        """For people who look into the mailbox."""
        await self._ask(self._client.uid("store", str(uid), "+FLAGS.SILENT", r"(\Seen)"))

    async def wait(self, seconds: float) -> None:
        """Until there may be news. Raises when the connection is gone."""
        if not self._client.has_capability("IDLE"):
            await asyncio.sleep(seconds)
            await self._ask(self._client.noop())
            return
        idle = await self._client.idle_start(timeout=seconds + _ANSWER_SECONDS)
        with contextlib.suppress(TimeoutError):
            await self._client.wait_server_push(timeout=seconds)
        self._client.idle_done()
        async with asyncio.timeout(_ANSWER_SECONDS):
            await idle

    async def _ask(self, answering: Any) -> list[bytes]:
        result, lines = await answering
        if result != "OK":
            raise MailboxError(result)
        return cast("list[bytes]", lines)

    def _hang_up(self) -> None:
        transport = self._client.protocol.transport
        if transport is not None:
            transport.close()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _moment(lines: bytes) -> datetime | None:
    found = _INTERNALDATE.search(lines)
    if found is None or found.group(2).lower() not in _MONTHS:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    away = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        local = datetime(
            int(year), _MONTHS.index(month.lower()) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None
    return min(local - away if sign == b"+" else local + away, datetime.now(UTC))
