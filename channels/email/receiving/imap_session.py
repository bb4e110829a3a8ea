"""One connection to a mailbox: what there is, a mail's bytes, seen or moved. Between imap.py and imap_client.py."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog
from aioimaplib.aioimaplib import Response, quoted

from channels.email.receiving.imap_account import Account
from channels.email.receiving.imap_client import Client, agreed, mailbox_name, refusal
from channels.email.receiving.imap_responses import Line, LoginRefusedError, MailboxError
from channels.email.receiving.imap_token import AccessTokens
from channels.email.receiving.reception import MAIL_MAX_BYTES
from schemas.errors import TooLargeError

log = structlog.get_logger()

_ANSWER_SECONDS = 30.0
_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]", re.IGNORECASE)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_QUOTED_BODY = re.compile(rb'BODY\[\] "((?:[^"\\\r\n]|\\.)*)"', re.IGNORECASE)
_INTERNALDATE = re.compile(
    rb'INTERNALDATE "\s?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.IGNORECASE
)
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")


class NotGivenError(MailboxError):
    """The server has this mail and doesn't hand it over."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An open mailbox."""

    uidvalidity: int
    read_only: bool


@dataclass(frozen=True, slots=True)
class Described:
    """What the server says of a mail. `received_at`: when it got it."""

    size: int
    received_at: datetime | None


class Session:
    """As a context: connects and signs in, hangs up at the end. Raises what imap_client.Client does."""

    def __init__(self, account: Account, tokens: AccessTokens | None) -> None:
        self._account = account
        self._tokens = tokens

    async def __aenter__(self) -> Self:
        account = self._account
        context = await asyncio.to_thread(account.context) if account.tls or account.starttls else None
        self._client = await Client.connect(
            account.host,
            account.port,
            context if account.tls else None,
            seconds=_ANSWER_SECONDS,
            literal_max_bytes=MAIL_MAX_BYTES,
        )
        try:
            if account.starttls and context is not None:
                await self._client.start_tls(context)
            await self._sign_in()
        except BaseException:
            self._client.hang_up()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.hang_up()

    async def _sign_in(self) -> None:
        if self._tokens is None:
            await self._client.sign_in(self._account.user, await asyncio.to_thread(self._account.secret))
            return
        try:
            await self._client.sign_in_by_token(self._account.user, await self._tokens.current())
        except LoginRefusedError:
            self._tokens.forget()
            raise

    async def select(self) -> Folder:
        """Open the account's folder."""
        lines = agreed(await self._client.select(quoted(mailbox_name(self._account.folder))))
        found = _UIDVALIDITY.search(b"".join(lines))
        if found is None:
            raise MailboxError("the folder has no UIDVALIDITY")
        return Folder(int(found.group(1)), read_only=b"[READ-ONLY]" in lines[-1].upper())

    async def uids_after(self, last: int) -> list[int]:
        """What came since, oldest first."""
        lines = agreed(await self._client.uid_search("UID", f"{last + 1}:*", charset=None))
        words = (line.split()[2:] for line in lines if line.upper().startswith(b"* SEARCH"))
        uids = {int(word) for found in words for word in found if word.isdigit()}
        return sorted(uid for uid in uids if uid > last)  # `*` is the last one there is, even when that is older

    async def describe(self, uids: Sequence[int]) -> dict[int, Described]:
        """Those of them that are still there."""
        return {
            uid: Described(int(size.group(1)), _moment(line))
            for uid, line in (await self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")).items()
            if uid in uids and (size := _SIZE.search(line)) is not None
        }

    async def fetch(self, uid: int) -> bytes:
        """The whole mail, its flags left alone. Raises NotGivenError, TooLargeError."""
        line = (await self._fetch([uid], "(UID BODY.PEEK[])")).get(uid)
        if line is None:
            raise NotGivenError(f"the mail with UID {uid} was not handed over")
        if line.literals:
            if line.literals[0] is None:
                raise TooLargeError(f"a mail has at most {MAIL_MAX_BYTES} bytes")
            return line.literals[0]
        short = _QUOTED_BODY.search(line)  # in quotes: allowed, and done by some
        if short is None:
            raise NotGivenError(f"the mail with UID {uid} came without its bytes")
        return re.sub(rb"\\(.)", rb"\1", short.group(1))

    async def mark(self, folder: Folder, uid: int) -> None:
        """Move it where the account says, else mark it as seen for people who look. What can't be is said and left."""
        if folder.read_only:
            return
        found = await (self._move(str(uid)) if self._account.move else self._flag(str(uid), "\\Seen"))
        why = refusal(found)
        if why:
            log.warning("imap_mail_not_marked", mailbox=self._account.name, uid=uid, reason=why)

    async def wait(self, seconds: float) -> None:
        """Until there may be news."""
        if self._client.has_capability("IDLE"):
            await self._client.wait_for_news(seconds)
        else:
            await asyncio.sleep(seconds)
            agreed(await self._client.noop())

    async def _move(self, uid: str) -> Response:
        target = quoted(mailbox_name(self._account.move))
        if self._client.has_capability("MOVE"):
            return await self._client.uid("MOVE", uid, target)
        found = await self._client.uid("COPY", uid, target)
        if refusal(found):
            return found
        found = await self._flag(uid, "\\Deleted")
        if refusal(found) or not self._client.has_capability("UIDPLUS"):
            return found  # a plain EXPUNGE would take what others have marked as well
        return await self._client.uid("EXPUNGE", uid)

    async def _flag(self, uid: str, flag: str) -> Response:
        return await self._client.uid("STORE", uid, "+FLAGS.SILENT", f"({flag})")

    async def _fetch(self, uids: Sequence[int], what: str) -> dict[int, Line]:
        """By UID; there may be news of other mails among them. Raises NotGivenError."""
        asked = ",".join(map(str, uids))
        found = await self._client.uid("FETCH", asked, what)
        if refusal(found):  # some say so when another client has just expunged one (RFC 2180 §4.1)
            agreed(await self._client.noop())
            found = await self._client.uid("FETCH", asked, what)
        why = refusal(found)
        if why:
            raise NotGivenError(why)
        return {int(uid.group(1)): line for line in agreed(found)[:-1] if (uid := _UID.search(line)) is not None}


def _moment(text: bytes) -> datetime | None:
    found = _INTERNALDATE.search(text)
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
