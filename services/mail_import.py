"""Reads mails out of files and puts them on the log `mail` with source `import`; the parser takes them from there.

Nothing is sent for any of them. Run again, it goes on: it passes by what the parser has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.mail_files import FoundMail, MailFile, find, read
from channels.email.receiving.reception import Envelope, Reception
from channels.email.receiving.stored_envelope import envelope_of
from eventstore import received
from schemas.errors import InvalidError, RefusedError
from services.wiring import Hub

SOURCE = "import"
_AT_ONCE = 50
_AT_ONCE_BYTES = 8 * 1024 * 1024


@dataclass
class Imported:
    """How it goes, and at the end how it went. `reasons`: (where it lies, why) of the refused ones."""

    taken: int = 0
    there: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def refused(self) -> int:
        """How many."""
        return len(self.reasons)


@dataclass(frozen=True)
class _Mail:
    found: FoundMail
    envelope: Envelope


class Import:
    """One run. `done` is right at any moment, also after it was broken off."""

    def __init__(self, hub: Hub, to: str | None, done: Imported) -> None:
        """`to`: who has mails that name none of ours. Raises InvalidError when that is none of ours either."""
        mailboxes = Mailboxes(hub.settings.mail_addresses)
        if to is not None and mailboxes.of(to) is None:
            raise InvalidError(f"{to} is none of CAUCE_MAIL_ADDRESSES", field="to")
        self._to = to
        self._hub = hub
        self._reception = Reception(hub.log, hub.blobs, mailboxes, hub.secret)
        self.done = done

    async def run(self, files: Sequence[MailFile], step: Callable[[int], None]) -> None:
        """All mails of these; `step` is told of so many more. Raises LogUnavailableError: run it again."""
        waiting: list[_Mail] = []
        size = 0
        for found in (found for file in files for found in read(file)):
            if found.problem:
                self.done.reasons.append((found.place, found.problem))
                step(1)
                continue
            envelope = envelope_of(found.content, SOURCE, self._reception.mailboxes, self._to)
            waiting.append(_Mail(found, envelope))
            size += len(found.content)
            if len(waiting) == _AT_ONCE or size > _AT_ONCE_BYTES:
                await self._take(waiting, step)
                waiting, size = [], 0
        await self._take(waiting, step)

    async def _take(self, mails: Sequence[_Mail], step: Callable[[int], None]) -> None:
        ids = [self._reception.id_of(mail.envelope, mail.found.content) for mail in mails]
        there = await self._hub.database.run(received.mails_taken, ids)
        new = [mail for mail, known_as in zip(mails, ids, strict=True) if known_as not in there]
        self.done.there += len(mails) - len(new)
        step(len(mails) - len(new))
        try:
            async with asyncio.TaskGroup() as group:
                for mail in new:
                    group.create_task(self._take_one(mail, step))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several  # the command line says what it is

    async def _take_one(self, mail: _Mail, step: Callable[[int], None]) -> None:
        # a mail without a date of its own is as old as its file
        came = min(mail.found.delivered_at or datetime.now(UTC), datetime.now(UTC))
        try:
            await self._reception.accept(mail.envelope, mail.found.content, received_at=came)
            self.done.taken += 1
        except RefusedError as error:
            self.done.reasons.append((mail.found.place, str(error)))
        step(1)


def files_of_mails(path: Path) -> list[MailFile]:
    """Raises InvalidError when there is nothing like a mail."""
    files = list(find(path))
    if not files:
        raise InvalidError(f"no mail in {path}: it takes an mbox, a Maildir, .eml files")
    return files
