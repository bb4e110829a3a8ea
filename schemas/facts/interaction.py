"""Facts of an interaction: what came in, what we sent, and what became of what we sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from schemas.facts.kind import Fact, Personal, fact
from schemas.interaction import Attachment, Authentication, Automatic, Channel, Checks, Label, Party


class InteractionContent(Personal, frozen=True, kw_only=True):
    """Who and what: the personal part of an interaction. `html` and `raw` are blob ids."""

    sender: Party | None = None
    recipients: tuple[Party, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    raw: str = ""
    attachments: tuple[Attachment, ...] = ()
    labels: tuple[Label, ...] = ()
    checks: Checks | None = None
    message_id: str = ""
    references: tuple[str, ...] = ()
    details: dict[str, str] = msgspec.field(default_factory=dict[str, str])


@fact("interaction.received.v1")
class InteractionReceived(Fact, frozen=True, kw_only=True):
    """A contact, or a message of one, came in. `occurred_at` is the sender's word; order uses recorded time.

    `product` is no longer written: it stands among the sealed `details`.
    """

    interaction: UUID
    channel: Channel
    thread: UUID
    contact: UUID
    address: UUID
    proven: bool = False
    others: tuple[UUID, ...] = ()
    occurred_at: datetime
    received_at: datetime
    language: str = ""
    automatic: Automatic | None = None
    authentication: Authentication = Authentication.NONE
    call: UUID | None = None
    product: str = ""
    by: str = ""
    personal: InteractionContent | None = None


@fact("interaction.sent.v1")
class InteractionSent(Fact, frozen=True, kw_only=True):
    """We answered. Accepted for delivery, in the transaction that queued it."""

    interaction: UUID
    incident: UUID
    channel: Channel
    thread: UUID
    address: UUID
    by: str
    at: datetime
    personal: InteractionContent | None = None


@fact("interaction.delivered.v1")
class InteractionDelivered(Fact, frozen=True, kw_only=True):
    """The remote system, or the customer's open chat, took it. `remote` is its word, without addresses."""

    interaction: UUID
    at: datetime
    remote: str = ""


@fact("interaction.delivery_failed.v1")
class InteractionDeliveryFailed(Fact, frozen=True, kw_only=True):
    """The remote refused for good, or we gave up after `attempts`."""

    interaction: UUID
    at: datetime
    reason: str
    attempts: int


@fact("interaction.postponed.v1")
class InteractionPostponed(Fact, frozen=True, kw_only=True):
    """An attempt failed, and is made again at `until`. `reason` is the remote's word, without addresses."""

    interaction: UUID
    at: datetime
    until: datetime
    attempts: int
    reason: str = ""


@fact("interaction.requeued.v1")
class InteractionRequeued(Fact, frozen=True, kw_only=True):
    """Somebody sends it again after it failed, under the same Message-ID."""

    interaction: UUID
    by: str
    at: datetime


@fact("interaction.delivery_uncertain.v1")
class InteractionDeliveryUncertain(Fact, frozen=True, kw_only=True):
    """An attempt died after the remote may have taken it, twice: a person should look."""

    interaction: UUID
    at: datetime


@fact("interaction.bounced.v1")
class InteractionBounced(Fact, frozen=True, kw_only=True):
    """The remote took it and later sent it back. `bounce` is the mail that said so."""

    interaction: UUID
    bounce: UUID
    at: datetime
    reason: str = ""


@fact("interaction.delayed.v1")
class InteractionDelayed(Fact, frozen=True, kw_only=True):
    """It is still on its way: a server says so, in the mail `notice`, and goes on trying. `reason`: RFC 3463."""

    interaction: UUID
    notice: UUID
    at: datetime
    reason: str = ""


@fact("interaction.complained.v1")
class InteractionComplained(Fact, frozen=True, kw_only=True):
    """Its reader called it spam: the report `complaint` (RFC 5965) says so. `reason`: its feedback type."""

    interaction: UUID
    complaint: UUID
    at: datetime
    reason: str = ""


@fact("interaction.held.v1")
class InteractionHeld(Fact, frozen=True, kw_only=True):
    """What is sent next in this stream leaves no earlier than `until`; up to then it can be withdrawn."""

    interaction: UUID
    until: datetime
    at: datetime


@fact("interaction.withdrawn.v1")
class InteractionWithdrawn(Fact, frozen=True, kw_only=True):
    """It was taken back before it left: nobody got it, nobody will."""

    interaction: UUID
    by: str
    at: datetime
