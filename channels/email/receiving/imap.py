"""Reads a mailbox by IMAP: by UID, without touching it, marked as seen or moved once the log has it.

In front of reception.py. By UID, not by UNSEEN: that misses what was read elsewhere. Reading again after a crash is
harmless: ids are the same.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from prometheus_client import Gauge

from channels.email.receiving import imap_checkpoints
from channels.email.receiving.imap_account import Account
from channels.email.receiving.imap_checkpoints import Checkpoint, Left
from channels.email.receiving.imap_responses import LoginRefusedError, MailboxError
from channels.email.receiving.imap_session import Described, Folder, NotGivenError, Session
from channels.email.receiving.imap_token import AccessTokens
from channels.email.receiving.reception import MAIL_MAX_BYTES, Reception
from channels.email.receiving.stored_envelope import envelope_of
from eventstore.database import Database
from schemas.errors import RetryableError, TooLargeError

log = structlog.get_logger()

FAILING = Gauge("cauce_imap_failing", "1 while this mailbox can't be read", ("mailbox",))
_ATTEMPTS = 3
_PAGE = 100


@dataclass(frozen=True)
class Pauses:
    """Seconds before the next attempt: doubled up to the last, each time a half more or less. And between two looks."""

    first: float = 1.0
    last: float = 60.0
    refused: float = 60.0  # a wrong password doesn't mend itself, and some servers lock who hammers
    refused_last: float = 900.0
    look: float = 60.0

    def before(self, failures: int, *, refused: bool) -> float:
        """After so many failures in a row."""
        first, last = (self.refused, self.refused_last) if refused else (self.first, self.last)
        doubled: float = first * 2 ** min(failures - 1, 20)
        return min(doubled, last) * random.uniform(0.5, 1.5)  # noqa: S311 -- no secret


class MailboxReader:
    """One mailbox, read until cancelled."""

    def __init__(
        self, database: Database, reception: Reception, account: Account, *, pauses: Pauses | None = None
    ) -> None:
        self._database = database
        self._reception = reception
        self._account = account
        self._pauses = pauses or Pauses()
        self._tokens = AccessTokens(account.oauth2) if account.oauth2 else None
        self._not_given: Counter[int] = Counter()

    async def run(self) -> None:
        """Connect, read, wait; again after a growing pause when anything fails."""
        failures = 0
        while True:
            try:
                async with Session(self._account, self._tokens) as session:
                    folder = await session.select()
                    await self._read_left(session, folder)
                    while True:
                        await self._read_new(session, folder)
                        failures = 0
                        FAILING.labels(self._account.name).set(0)
                        await self._database.run(imap_checkpoints.well, self._account.name)
                        await session.wait(self._pauses.look)
            except (MailboxError, RetryableError, OSError, EOFError, TimeoutError) as error:
                failures += 1
                await self._failed(error, self._pauses.before(failures, refused=isinstance(error, LoginRefusedError)))

    async def _failed(self, error: Exception, pause: float) -> None:
        reason = _reason(error)
        log.warning("imap_interrupted", mailbox=self._account.name, reason=reason, pause_seconds=round(pause, 1))
        FAILING.labels(self._account.name).set(1)
        try:
            await self._database.run(imap_checkpoints.fails, self._account.name, reason, pause)
        except RetryableError:
            log.warning("imap_state_not_kept", mailbox=self._account.name)  # the database it is that fails
        await asyncio.sleep(pause)

    async def _read_new(self, session: Session, folder: Folder) -> None:
        stored = await self._database.run(imap_checkpoints.read, self._account.name)
        last = stored.last_uid if stored is not None and stored.uidvalidity == folder.uidvalidity else 0
        for page in _pages(await session.uids_after(last)):
            there = await session.describe(page)
            for uid in page:
                if uid in there:
                    await self._take(session, folder, uid, there[uid])
                elif uid != page[-1]:
                    continue  # expunged, or moved meanwhile
                checkpoint = Checkpoint(folder.uidvalidity, uid)
                await self._database.run(imap_checkpoints.save, self._account.name, checkpoint)

    async def _read_left(self, session: Session, folder: Folder) -> None:
        """What was left there: perhaps the server gives it now, or somebody has taken it away."""
        name, uidvalidity = self._account.name, folder.uidvalidity
        for page in _pages(await self._database.run(imap_checkpoints.left_in, name, uidvalidity)):
            there = await session.describe(page)
            for uid in page:
                self._not_given[uid] = _ATTEMPTS
                if uid not in there or await self._take(session, folder, uid, there[uid]):
                    await self._database.run(imap_checkpoints.no_longer_left, name, uidvalidity, uid)

    async def _take(self, session: Session, folder: Folder, uid: int, described: Described) -> bool:
        """Keep it, then mark it. False: it was left where it is. Raises NotGivenError the first times."""
        if described.size > MAIL_MAX_BYTES:
            return await self._leave(folder, uid, Left.TOO_LARGE, described.size)
        try:
            content = await session.fetch(uid)
            envelope = envelope_of(content, f"imap:{self._account.name}", self._reception.mailboxes)
            await self._reception.accept(envelope, content, received_at=described.received_at)
        except TooLargeError:  # some servers understate the size; it must not stop those behind it
            return await self._leave(folder, uid, Left.TOO_LARGE, described.size)
        except NotGivenError:
            self._not_given[uid] += 1
            if self._not_given[uid] < _ATTEMPTS:
                raise
            return await self._leave(folder, uid, Left.NOT_GIVEN, described.size)
        # only now: what is marked or moved is durable
        await session.mark(folder, uid)
        return True

    async def _leave(self, folder: Folder, uid: int, why: Left, size: int) -> bool:
        log.warning("imap_mail_left", mailbox=self._account.name, uid=uid, reason=why.value, bytes=size)
        await self._database.run(imap_checkpoints.leave, self._account.name, folder.uidvalidity, uid, why, size)
        return False


def _pages(uids: list[int]) -> Iterator[list[int]]:
    return (uids[start : start + _PAGE] for start in range(0, len(uids), _PAGE))


def _reason(error: Exception) -> str:
    """For the operator: what the server said, or what the network did."""
    if isinstance(error, MailboxError):
        return str(error)
    if isinstance(error, ssl.SSLError):
        return f"no encryption: {getattr(error, 'verify_message', '') or error.reason}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, EOFError):
        return "the server hung up"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"nothing can be kept: {type(error).__name__}"
