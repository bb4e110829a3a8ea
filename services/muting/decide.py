"""Who is muted, by which reports, and how that ends. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.bounces import is_hard
from schemas.errors import ConflictError
from schemas.facts.address import AddressMuted, AddressUnmuted, MuteReason
from schemas.interaction import Authentication, Automatic
from services.incidents.arrival import Arrival
from services.incidents.known import Known
from services.muting.requests import MuteAgain, Resubscribe, Unmute, Unsubscribe
from services.muting.state import Mute, MuteFact


def reported(arrival: Arrival, known: Known, *, now: datetime) -> list[MuteFact]:
    """A mail of ours came back for good, or was called spam: its recipient is muted.

    Only a mail that we sent mutes anybody: whoever has its id got it, was shown it by who did, or is
    the server that had to take it. A report that fails its own checks mutes nobody.
    """
    about, status = arrival.item.hints.about, arrival.item.details.get("status", "")
    forged = arrival.item.authentication is Authentication.FAIL
    reason = None if forged else _reason(arrival.automatic, status)
    address = _recipient(arrival, known, about) if about is not None and reason is not None else None
    if about is None or reason is None or address is None or known.mutes.get(address) is not None:
        return []
    told = status if reason is MuteReason.BOUNCE else ""
    return [AddressMuted(address=address, reason=reason, interaction=about, status=told, since=now, at=now)]


def unmute(address: UUID, mute: Mute | None, request: Unmute) -> list[MuteFact]:
    """Mail is sent there again. Raises ConflictError."""
    if mute is None:
        raise ConflictError("nothing was held back from this address", field="address")
    if request.why not in {"", mute.why}:
        raise ConflictError("something else holds mail back from this address since", field="address")
    return [AddressUnmuted(address=address, by=request.by, at=request.now)]


def mute_again(mute: Mute | None, request: MuteAgain) -> list[MuteFact]:
    """As it was. Raises ConflictError where a later report has muted it since."""
    if mute is not None:
        raise ConflictError("this address was muted again since")
    return [
        AddressMuted(
            address=request.address,
            reason=request.reason,
            interaction=request.interaction,
            status=request.status,
            since=request.since,
            by=request.by,
            at=request.now,
        )
    ]


def unsubscribe(mute: Mute | None, request: Unsubscribe) -> list[MuteFact]:
    """Takes the place of a report: who presses it reads our mail there, and says the last word about it."""
    if mute is not None and mute.reason is MuteReason.ASKED:
        return []
    return [
        AddressMuted(
            address=request.address,
            reason=MuteReason.ASKED,
            interaction=request.interaction,
            since=request.now,
            at=request.now,
        )
    ]


def resubscribe(mute: Mute | None, request: Resubscribe) -> list[MuteFact]:
    """Only what they asked for: what a server reports stays."""
    if mute is None or mute.reason is not MuteReason.ASKED:
        return []
    return [AddressUnmuted(address=request.address, by=request.by, at=request.now)]


def _reason(automatic: Automatic | None, status: str) -> MuteReason | None:
    if automatic is Automatic.COMPLAINT:
        return MuteReason.COMPLAINT
    return MuteReason.BOUNCE if automatic is Automatic.BOUNCE and is_hard(status) else None


def _recipient(arrival: Arrival, known: Known, about: UUID) -> UUID | None:
    """Who should have got it. One of several only where the report names them: else nobody pays for another."""
    recipients = known.recipients.get(about, frozenset())
    if len(recipients) == 1:
        return next(iter(recipients))
    return arrival.returned_from if arrival.returned_from in recipients else None
