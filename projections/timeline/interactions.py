"""How the facts of one interaction make its entry: what was said, where it was put, what became of its sending."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.timeline.lines import EntryRow, kept_files
from schemas.facts.incident import InteractionLinked, InteractionUnlinked
from schemas.facts.interaction import (
    InteractionBounced,
    InteractionComplained,
    InteractionContent,
    InteractionDelayed,
    InteractionDelivered,
    InteractionDeliveryFailed,
    InteractionDeliveryUncertain,
    InteractionHeld,
    InteractionPostponed,
    InteractionReceived,
    InteractionRequeued,
    InteractionSent,
    InteractionWithdrawn,
)
from schemas.interaction import Channel, Checks, Party

Delivery: TypeAlias = (
    InteractionDelivered
    | InteractionDeliveryFailed
    | InteractionDeliveryUncertain
    | InteractionBounced
    | InteractionDelayed
    | InteractionComplained
    | InteractionWithdrawn
    | InteractionPostponed
    | InteractionRequeued
)
_KNOWN_LATER = {"bounced", "failed"}
"""A notice of delay may come after what became of it."""
_NOTHING = InteractionContent()
_NOBODY = Party(address="")


def received(row: EntryRow, fact: InteractionReceived, event: Recorded) -> EntryRow:
    """What came in; its link may have placed it already."""
    return _spoken(row, fact, event, fact.occurred_at, "in", fact.by or None, row.incident, row.delivery)


def sent(row: EntryRow, fact: InteractionSent, event: Recorded) -> EntryRow:
    """What went out: queued."""
    return _spoken(row, fact, event, fact.at, "out", fact.by, row.incident or fact.incident, "queued")


def _spoken(
    row: EntryRow,
    fact: InteractionReceived | InteractionSent,
    event: Recorded,
    occurred_at: datetime,
    direction: str,
    author: str | None,
    incident: UUID | None,
    delivery: str | None,
) -> EntryRow:
    said = fact.personal or _NOTHING
    sender = said.sender or _NOBODY
    return replace(
        row,
        position=event.position,
        occurred_at=occurred_at,
        recorded_at=event.recorded_at,
        incident=incident,
        thread=fact.thread,
        channel=fact.channel,
        direction=direction,
        address=fact.address,
        sender=sender.address,
        sender_name=sender.name,
        recipients=[party.address for party in said.recipients],
        subject=said.subject,
        text=said.text,
        html=said.html,
        raw=said.raw,
        attachments=kept_files(said.attachments) if said.attachments else [],
        labels=[label.value for label in said.labels],
        details=said.details,
        checks=_checks(fact, said.checks),
        author=author,
        delivery=delivery,
    )


def linked(row: EntryRow, fact: InteractionLinked, event: Recorded) -> EntryRow:
    """Where it is, and why."""
    return replace(
        row,
        position=row.position or event.position,
        incident=fact.incident,
        reason=fact.reason,
        channel=fact.channel,
        direction=fact.direction,
        fact="InteractionLinked",
    )


def unlinked(row: EntryRow, fact: InteractionUnlinked, _: Recorded) -> EntryRow:
    """Gone to another incident."""
    # its new link may have been folded already
    return replace(row, incident=fact.to) if row.incident == fact.incident else row


def _checks(fact: InteractionReceived | InteractionSent, checks: Checks | None) -> dict[str, Any]:
    """Of a mail that came in: what is known of its sender."""
    if not isinstance(fact, InteractionReceived) or fact.channel is not Channel.EMAIL:
        return {}
    return {"result": fact.authentication.value, **(msgspec.to_builtins(checks) if checks is not None else {})}


def delivery(row: EntryRow, fact: Delivery, _: Recorded) -> EntryRow:  # noqa: PLR0911 -- a table, a row a fact
    """How its sending goes."""
    match fact:
        case InteractionDelivered():
            return replace(row, delivery="sent")
        case InteractionPostponed():
            return replace(row, delivery="delayed", returned="")
        case InteractionRequeued():
            return replace(row, delivery="queued", returned="")
        case InteractionDelayed():
            return row if row.delivery in _KNOWN_LATER else replace(row, delivery="delayed", returned=fact.reason)
        case InteractionComplained():
            return replace(row, complained=True)
        case InteractionDeliveryFailed():
            return replace(row, delivery="failed")
        case InteractionDeliveryUncertain():
            return replace(row, delivery="uncertain")
        case InteractionBounced():
            return replace(row, delivery="bounced", returned=fact.reason)
        case InteractionWithdrawn():
            return replace(row, delivery="withdrawn")


def held(row: EntryRow, fact: InteractionHeld, _: Recorded) -> EntryRow:
    """Until when it can be taken back."""
    return replace(row, held_until=fact.until)
