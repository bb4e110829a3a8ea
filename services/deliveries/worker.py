"""Sends what the table `deliveries` holds: lease, write, send, record. As many workers as one likes.

At-least-once with a deterministic Message-ID: an attempt that died is made once more, then it is uncertain.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import structlog

from channels.email.sending.outgoing import OutgoingFile, OutgoingMail, compose
from channels.email.sending.signing import Signer
from channels.email.sending.submission import Fate, Outcome, Submission
from eventstore import store
from eventstore.blobs import Blobs
from eventstore.database import Connection, Database
from eventstore.ledger import Cause, Ledger
from schemas.errors import CauceError, NotFoundError, RetryableError
from schemas.facts import Fact, stream_of
from schemas.facts.interaction import (
    InteractionDelivered,
    InteractionDeliveryFailed,
    InteractionDeliveryUncertain,
    InteractionPostponed,
)
from services.deliveries import letters, queue
from services.deliveries.guard import Limit, Withheld, withheld
from services.deliveries.letters import Letter, Letterhead
from services.deliveries.queue import Kind, Leased
from services.muting import refused

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_SETTLE_PAUSE_SECONDS = 0.25


def growing_pause(attempt: int) -> timedelta:
    """Half a minute, doubling to an hour."""
    doublings: int = min(max(attempt - 1, 0), 10)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


@dataclass(frozen=True)
class Pace:
    """How a worker works. An attempt's time must stay under half the lease: else another worker takes it as dead."""

    lease_seconds: float = 120.0
    poll_seconds: float = 0.5
    at_once: int = 4
    attempts: int = 80  # with growing_pause: about three days
    pause: Callable[[int], timedelta] = growing_pause

    @property
    def attempt_seconds(self) -> float:
        """For one SMTP conversation."""
        return self.lease_seconds * 0.4


class DeliveryWorker:
    """`submission` None: no CAUCE_MAIL_OUT; what is queued waits. `limit`: of automatic mail, to one address."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        blobs: Blobs,
        head: Letterhead,
        submission: Submission | None,
        pace: Pace | None = None,
        *,
        signer: Signer | None = None,
        limit: Limit | None = None,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._blobs = blobs
        self._head = head
        self._submission = submission
        self._pace = pace or Pace()
        self._signer = signer or Signer({})
        self._limit = limit

    async def run(self) -> None:
        """Until cancelled; mail being handed over is finished first."""
        if self._submission is None:
            log.warning("mail_out_not_set", advice="set CAUCE_MAIL_OUT: answers and confirmations wait")
            await asyncio.Event().wait()
        while True:
            if not await self.run_once():
                await asyncio.sleep(self._pace.poll_seconds)

    async def run_once(self) -> int:
        """Deliver what is due now, up to `at_once`; returns how many were taken."""
        if self._submission is None:
            return 0
        leased = await self._database.run(queue.lease, self._pace.at_once, self._pace.lease_seconds)
        if leased:
            sending = asyncio.gather(*(self._deliver(self._submission, delivery) for delivery in leased))
            try:
                await asyncio.shield(sending)
            except asyncio.CancelledError:
                await sending  # a mail half handed over would count as an attempt that died
                raise
        return len(leased)

    async def _deliver(self, submission: Submission, delivery: Leased) -> None:
        if delivery.doubtful:
            await self._settle_in_time(delivery, Outcome(Fate.UNKNOWN))
            return
        try:
            ready = await self._database.run(self._prepared, delivery)
            if isinstance(ready, Withheld):
                log.info("delivery_withheld", delivery=str(delivery.id), reason=ready.value)
                return
            outcome = await self._attempt(submission, ready)
        except (CauceError, psycopg.Error) as error:
            outcome = Outcome(Fate.LATER, type(error).__name__, ours=True)
        except Exception as error:
            # nothing was handed over yet: an attempt that merely failed must not count as one that died
            log.exception("delivery_not_written", delivery=str(delivery.id))
            outcome = Outcome(Fate.LATER, type(error).__name__, ours=True)
        await self._settle_in_time(delivery, outcome)
        log.info("delivery_attempted", delivery=str(delivery.id), attempt=delivery.attempts, fate=outcome.fate.value)

    def _prepared(self, connection: Connection, delivery: Leased) -> Letter | Withheld | None:
        """The letter; or why it is not sent, which its row says then. None: there is nobody to write to."""
        reason = withheld(connection, delivery, self._limit)
        if reason is None:
            return letters.write(connection, self._ledger, self._head, delivery)
        queue.finish(connection, delivery, "withheld", reason.value)
        return reason

    async def _attempt(self, submission: Submission, letter: Letter | None) -> Outcome:
        if letter is None:
            return Outcome(Fate.REFUSED, "nobody to write to")
        try:
            files = [
                OutgoingFile(each.name, each.media_type, await asyncio.to_thread(self._blobs.get, each.blob))
                for each in letter.attachments
            ]
        except NotFoundError:
            return Outcome(Fate.REFUSED, "a file of it is gone")
        mail = _with_files(letter.mail, files)
        return await submission.send(mail.answers_to, mail.recipient, await asyncio.to_thread(self._written, mail))

    def _written(self, mail: OutgoingMail) -> bytes:
        return self._signer.sign(mail.mailbox, compose(mail))

    async def _settle_in_time(self, delivery: Leased, outcome: Outcome) -> None:
        """What is known must not be lost to a busy store: then it would be sent again."""
        deadline = time.monotonic() + self._pace.lease_seconds * 0.4
        while True:
            try:
                return await self._database.run(self._settle, delivery, outcome)
            except (RetryableError, psycopg.OperationalError) as error:
                if time.monotonic() > deadline:
                    raise
                log.warning("delivery_not_recorded_yet", delivery=str(delivery.id), error=type(error).__name__)
                await asyncio.sleep(_SETTLE_PAUSE_SECONDS)

    def _settle(self, connection: Connection, delivery: Leased, outcome: Outcome) -> None:
        """The row's new state and, for a reply, its fact: one transaction, and only while the lease is ours."""
        store.lock(connection)
        now = store.now(connection)
        interaction = delivery.interaction
        match outcome.fate:
            case Fate.SENT:
                if queue.finish(connection, delivery, "sent"):
                    fact: Fact = InteractionDelivered(interaction=interaction, at=now, remote=outcome.word)
                    self._record(connection, delivery, fact)
            case Fate.UNKNOWN if delivery.deaths >= queue.ATTEMPTS_AFTER_DEATH:
                if queue.finish(connection, delivery, "uncertain", outcome.word):
                    self._record(connection, delivery, InteractionDeliveryUncertain(interaction=interaction, at=now))
            case Fate.REFUSED:
                self._give_up(connection, delivery, outcome.word, now)
                refused.mute(connection, self._ledger, delivery, outcome.word, now)
            case _ if delivery.attempts >= self._pace.attempts:
                self._give_up(connection, delivery, f"given up: {outcome.word}", now)
            case fate:
                pause = self._pace.pause(delivery.attempts)
                if (
                    queue.postpone(connection, delivery, pause, outcome.word, died=fate is Fate.UNKNOWN)
                    and not outcome.ours
                ):
                    until, attempts = now + pause, delivery.attempts
                    postponed = InteractionPostponed(
                        interaction=interaction, at=now, until=until, attempts=attempts, reason=outcome.word
                    )
                    self._record(connection, delivery, postponed)

    def _give_up(self, connection: Connection, delivery: Leased, reason: str, now: datetime) -> None:
        if queue.finish(connection, delivery, "failed", reason):
            fact = InteractionDeliveryFailed(
                interaction=delivery.interaction, at=now, reason=reason, attempts=delivery.attempts
            )
            self._record(connection, delivery, fact)

    def _record(self, connection: Connection, delivery: Leased, fact: Fact) -> None:
        if delivery.kind is Kind.REPLY:  # a confirmation is no interaction of its own
            versions = store.versions(connection, [stream_of(fact)])
            cause = Cause(causation=delivery.interaction, correlation=delivery.incident)
            self._ledger.record(connection, [(fact, cause)], versions)


def _with_files(mail: OutgoingMail, files: list[OutgoingFile]) -> OutgoingMail:
    return dataclasses.replace(mail, files=tuple(files)) if files else mail
