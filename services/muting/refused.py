"""An address that a server refused at once, for good, and said so by its code: muted like one whose mail comes back.

In the worker's transaction that gives the mail up, under the store's lock.
"""

from __future__ import annotations

from datetime import datetime

from channels.email.origin.diagnostics import status_of
from eventstore.database import Connection
from eventstore.ledger import Cause, Ledger
from schemas.bounces import is_hard
from schemas.facts.address import AddressMuted, MuteReason
from services.deliveries.queue import Leased
from services.incidents.known import Known
from services.muting import tables


def mute(connection: Connection, ledger: Ledger, delivery: Leased, word: str, now: datetime) -> None:
    """Only by the server's own code: its words may stand for anything."""
    status = status_of(word)
    if not is_hard(status) or status not in word:
        return
    known = Known()
    tables.load(connection, known, [delivery.address])
    if known.mutes[delivery.address] is not None:
        return
    muted = AddressMuted(
        address=delivery.address,
        reason=MuteReason.BOUNCE,
        interaction=delivery.interaction,
        status=status,
        since=now,
        at=now,
    )
    known.record([muted], Cause(causation=delivery.interaction, correlation=delivery.incident))
    ledger.record(connection, known.facts, known.versions)
    tables.save(connection, known)
