"""The consumer of the log `mail`: each mail parsed in a child, its files kept as blobs, handed on to `interactions`.

A crash anywhere repeats a batch: the ids are the same, so the inbox drops what was handed on already.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from msgspec.structs import replace

from channels.email.origin.dns import Resolver
from channels.email.origin.who import adopted
from channels.email.parse import Ours, Parsed, with_blobs
from channels.email.parser_pool import Bounds, ParserPool
from channels.email.receiving.reception import decode_mail
from channels.intake import Intake
from eventstore import positions, received
from eventstore.blobs import Blobs
from eventstore.database import Connection, Database
from eventstore.log import Batch, LogRecord, NewRecord
from schemas.address import handle_of
from schemas.errors import DecodeError, NotFoundError, OperatorError, PoisonError, TooLargeError
from schemas.held import HeldReason
from schemas.interaction import Authentication, Channel, Interaction, RawMail
from services import quarantine
from services.access import users
from services.wiring import Hub

POISON_IN_A_ROW_MAX = 5
_CHILDREN_MAX = 4
_KEYS_LAST = timedelta(days=7)  # senders change their DKIM keys
_KEPT_TOGETHER = 25  # raw mails that came in their records: a hop to a thread each would cost as much as keeping them
_READ_AHEAD = 4  # mails in memory for each child: the next ones' blobs are fetched and put while it parses

log = structlog.get_logger()


def ours_of(hub: Hub) -> Ours:
    """What a parser must know of this hub."""
    return Ours(
        secret=hub.secret,
        addresses=hub.settings.mail_addresses,
        trusted_authserv=hub.settings.trusted_authserv,
        staff=hub.settings.mail_staff,
    )


def pool_of(hub: Hub, *, bounds: Bounds | None = None) -> ParserPool:
    """Parsers that know this hub, as many as the machine has use for. Whoever asks closes them."""
    return ParserPool(ours_of(hub), size=min(os.cpu_count() or 1, _CHILDREN_MAX), bounds=bounds)


@dataclass(frozen=True, slots=True)
class Poison:
    """A mail that can't be parsed, and why."""

    record: LogRecord
    reason: HeldReason
    error: str
    sender: str = ""


class ParserService:
    """`handle` is what `Log.consume` of the topic `mail` calls."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        intake: Intake,
        pool: ParserPool,
        mailboxes: Sequence[str],
        resolver: Resolver | None = None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._intake = intake
        self._pool = pool
        self._mailboxes = mailboxes
        self._resolver = resolver
        self._room = asyncio.Semaphore(pool.size * _READ_AHEAD)
        self._poison_in_a_row = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, hub: Hub, bounds: Bounds | None = None) -> AsyncGenerator[ParserService]:
        """With its children, who end with it."""
        pool = pool_of(hub, bounds=bounds)
        try:
            resolver = Resolver(hub.settings.dns) if hub.settings.dns else None
            intake = Intake(hub.log, hub.secret)
            yield cls(hub.database, hub.blobs, intake, pool, hub.settings.mail_addresses, resolver)
        finally:
            await pool.close()

    async def handle(self, batch: Batch) -> None:
        """Hand on what can be parsed, hold what can't, move on.

        Raises OperatorError after five records of our own making in a row that can't be read.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    task
                    for start in range(0, len(batch.records), _KEPT_TOGETHER)
                    for task in self._begin(group, batch.records[start : start + _KEPT_TOGETHER])
                ]
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several  # the log looks at what it is
        found = [task.result() for task in tasks]
        await self._intake.hand_on([each for each in found if isinstance(each, NewRecord)])
        # only now: what this batch held is on the next log
        await self._database.run(_move_on, batch, [each for each in found if isinstance(each, Poison)])
        self._watch(found)

    def _begin(self, group: asyncio.TaskGroup, records: Sequence[LogRecord]) -> list[asyncio.Task[NewRecord | Poison]]:
        mails = [_decoded(record) for record in records]
        raw = group.create_task(asyncio.to_thread(self._keep_raw, mails))
        return [
            group.create_task(self._read(record, mail, raw, place))
            for place, (record, mail) in enumerate(zip(records, mails, strict=True))
        ]

    async def _read(
        self, record: LogRecord, mail: RawMail | Poison, raw: asyncio.Task[list[str]], place: int
    ) -> NewRecord | Poison:
        if isinstance(mail, Poison):
            return mail
        try:
            async with self._room:
                interaction = await self._interaction(mail)
            # blobs before the record that names them
            return self._intake.record(replace(interaction, raw=(await raw)[place]))
        except (PoisonError, TooLargeError) as error:
            return Poison(record, HeldReason.UNPARSABLE, str(error), mail.envelope_from)
        except NotFoundError:
            return Poison(
                record, HeldReason.RAW_MISSING, f"the blob {mail.blob} of the mail is gone", mail.envelope_from
            )

    async def _interaction(self, mail: RawMail) -> Interaction:
        content = mail.raw or (await asyncio.to_thread(self._blobs.get, mail.blob) if mail.blob else b"")
        parsed = await self._pool.parse(mail, content)
        parsed = await self._verified(mail, content, parsed)
        has_parts = parsed.html or parsed.files
        kept = await asyncio.to_thread(self._keep_parts, parsed) if has_parts else parsed.interaction
        return await self._as_from(parsed, kept)

    async def _verified(self, mail: RawMail, content: bytes, parsed: Parsed) -> Parsed:
        """With what we found out about its sender. An old mail's keys are gone: that would say nothing against it."""
        item = parsed.interaction
        fresh = mail.source != "import" and item.received_at - item.occurred_at < _KEYS_LAST
        if self._resolver is None or not parsed.asks or not fresh:
            return parsed
        records = await self._resolver.texts(parsed.asks)
        try:
            verdict = await self._pool.verify(mail, content, parsed, records)
        except DecodeError as error:
            log.warning("mail_not_verified", mail=str(mail.id), error=str(error))
            return parsed
        proven = item.sender.proven and verdict.authentication is not Authentication.FAIL
        told = replace(
            item,
            sender=replace(item.sender, proven=proven),
            authentication=verdict.authentication,
            checks=verdict.checks,
        )
        return replace(parsed, interaction=told)

    async def _as_from(self, parsed: Parsed, interaction: Interaction) -> Interaction:
        """From whoever wrote what a user of ours passes on: who is one changes while the parsers live."""
        sender = interaction.sender.address
        if parsed.original is None or not await self._database.run(users.is_users_mail, handle_of(sender)):
            return interaction
        return adopted(interaction, parsed.original, {handle_of(sender)}, self._mailboxes)

    def _keep_raw(self, mails: Sequence[RawMail | Poison]) -> list[str]:
        """The blobs of these mails, in their order. What can't be read leaves one for a clean-up."""
        return ["" if isinstance(mail, Poison) else mail.blob or self._blobs.put(mail.raw) for mail in mails]

    def _keep_parts(self, parsed: Parsed) -> Interaction:
        return with_blobs(
            parsed,
            html_blob=self._blobs.put(parsed.html.encode()) if parsed.html else "",
            files=[self._blobs.put(file.data) for file in parsed.files],
        )

    def _watch(self, found: list[NewRecord | Poison]) -> None:
        for each in found:
            if isinstance(each, NewRecord):
                self._poison_in_a_row = 0
                continue
            log.error("mail_quarantined", mail=str(each.record.id), reason=each.reason)
            if each.reason is HeldReason.UNPARSABLE:
                continue  # two children gave it up alone: anybody can send such a mail, it must not stop the service
            self._poison_in_a_row += 1
            if self._poison_in_a_row >= POISON_IN_A_ROW_MAX:
                raise OperatorError(
                    f"{POISON_IN_A_ROW_MAX} records in a row can't be read ({each.reason}: {each.error}): this is a"
                    " defect or a wrong version, not a bad mail. They are in quarantine; look at them, then start again"
                )


def _decoded(record: LogRecord) -> RawMail | Poison:
    try:
        return decode_mail(record.value)
    except DecodeError as error:
        return Poison(record, HeldReason.UNDECODABLE, str(error))


def _move_on(connection: Connection, batch: Batch, poison: list[Poison]) -> None:
    for each in poison:
        quarantine.hold(
            connection,
            each.record,
            topic=batch.topic,
            channel=Channel.EMAIL.value,
            reason=each.reason,
            error=each.error,
            sender=each.sender,
        )
    came = [record.id for record in batch.records if received.AGAIN not in record.headers]
    new = received.take_mails(connection, came)
    channel = Channel.EMAIL.value
    received.count(connection, batch.topic, {channel: len(came)}, {channel: len(came) - len(new)})
    positions.advance(connection, batch)
