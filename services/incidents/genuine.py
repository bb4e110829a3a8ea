"""Mail whose sender is shown not to be who they say: held where it could pass for somebody we know. Pure.

`fail` is not `none`. Whoever else fails opens an incident of their own, as a claim: a broken server must reach us, too.
"""

from __future__ import annotations

from schemas.held import HeldReason
from schemas.interaction import Authentication
from services.incidents.arrival import Arrival
from services.incidents.known import Known


def not_genuine(arrival: Arrival, known: Known) -> HeldReason | None:
    """Why it must wait for a person; None: it may come in. What nobody wrote opens and joins nothing anyway."""
    if arrival.item.authentication is not Authentication.FAIL or arrival.automatic is not None:
        return None
    if known.customer_of(arrival.address) is not None:
        return HeldReason.CLAIMS_A_CUSTOMER
    answered = [known.threads.get(key) for key in arrival.references]
    if arrival.item.hints.thread_signed:
        answered.append(known.threads.get(arrival.thread))
    if any(thread is not None and thread.incident is not None for thread in answered):
        return HeldReason.CLAIMS_AN_INCIDENT
    return None
