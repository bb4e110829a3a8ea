"""Mail whose sender is shown not to be who they say: held where it could pass for somebody we know. Pure.

`fail` is not `none`. Whoever else fails opens an incident of their own, as a claim: a broken server must reach us, too.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from schemas.held import HeldReason
from schemas.interaction import Authentication
from services.incidents.arrival import Arrival
from services.incidents.known import Known


class Suspicion(msgspec.Struct, frozen=True):
    """Why it must wait for a person. `incident`: which it answers, or names."""

    reason: HeldReason
    incident: UUID | None


def not_genuine(arrival: Arrival, known: Known) -> Suspicion | None:
    """None: it may come in. What nobody wrote opens and joins nothing anyway."""
    if arrival.item.authentication is not Authentication.FAIL or arrival.automatic is not None:
        return None
    answered = _answered(arrival, known)
    if known.customer_of(arrival.address) is not None:
        numbered = known.numbers.get(arrival.item.hints.subject_number or 0)
        return Suspicion(HeldReason.CLAIMS_A_CUSTOMER, answered or numbered)
    return None if answered is None else Suspicion(HeldReason.CLAIMS_AN_INCIDENT, answered)


def _answered(arrival: Arrival, known: Known) -> UUID | None:
    """By a token of ours, or else by the nearest of its references."""
    keys = [arrival.thread] if arrival.item.hints.thread_signed else []
    threads = (known.threads.get(key) for key in (*keys, *arrival.references))
    return next((thread.incident for thread in threads if thread is not None and thread.incident is not None), None)
