"""Whether a mail that nobody wrote may go out: not to a muted address, and not too often to the same one.

Asked by a worker just before it writes the letter. What a person wrote is never held back here, and who asked for no
automatic mail still gets the link to their requests when they ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from eventstore.database import Connection
from schemas.facts.address import MuteReason
from services.deliveries.queue import Kind, Leased
from services.muting import tables

AUTOMATIC = (Kind.CONFIRMATION, Kind.MISSED_CHAT, Kind.REQUESTS_LINK)
"""What we send by ourselves."""


class Withheld(StrEnum):
    """Why a mail isn't sent."""

    MUTED = "muted"
    TOO_MANY = "too_many"


@dataclass(frozen=True)
class Limit:
    """At most so many automatic mails to an address within a time."""

    mails: int
    within: timedelta


def withheld(connection: Connection, delivery: Leased, limit: Limit | None) -> Withheld | None:
    """Why it isn't to be sent; None: it is. `limit` None: as many as there are."""
    if delivery.kind not in AUTOMATIC:
        return None
    mute = tables.of(connection, [delivery.address]).get(delivery.address)
    if mute is not None and not (mute.reason is MuteReason.ASKED and delivery.kind is Kind.REQUESTS_LINK):
        return Withheld.MUTED
    if limit is not None and _before(connection, delivery, limit.within) >= limit.mails:
        return Withheld.TOO_MANY
    return None


def _before(connection: Connection, delivery: Leased, within: timedelta) -> int:
    """How many to the same address were queued before it and are sent, or will be.

    By their order in the queue, not by what was sent yet: two workers at once, or one that was killed, don't miscount.
    """
    row: tuple[int] | None = connection.execute(
        "SELECT count(*) FROM deliveries AS mine JOIN deliveries AS other ON other.address = mine.address"
        " WHERE mine.id = %s AND other.kind = ANY(%s) AND other.state <> 'withheld' AND other.id <> mine.id"
        " AND (other.queued_at, other.id) < (mine.queued_at, mine.id) AND other.queued_at > mine.queued_at - %s",
        (delivery.id, [kind.value for kind in AUTOMATIC], within),
    ).fetchone()
    return row[0] if row else 0
