"""`/my-requests`: mails somebody the link to their requests, if they ever wrote to us. Who asks learns nothing by it.

A mailbox gets few of them, whoever asks and wherever: counted in the queue itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from eventstore import store
from eventstore.database import Connection
from eventstore.ledger import Cause, Ledger
from schemas.address import email_address
from schemas.facts.link import LinkMailed
from schemas.ids import keyed_id, new_id
from services.deliveries import queue
from services.deliveries.queue import Kind, NewDelivery
from services.incidents import loading

VALID = timedelta(hours=24)
_PAUSE = timedelta(minutes=5)
_IN_A_DAY = 5


def ask(connection: Connection, ledger: Ledger, secret: bytes, email: str, *, language: str, now: datetime) -> None:
    """Queue the mail, with its fact; nothing for an address nobody wrote from. Raises InvalidError for what is none."""
    text = email_address(email)
    store.lock(connection)
    ((address, _),) = loading.current(connection, {keyed_id(secret, text): text}).items()
    row = connection.execute("SELECT customer FROM address_owner WHERE address = %s", (address,)).fetchone()
    recent, today = queue.queued_since(connection, Kind.REQUESTS_LINK, address, _PAUSE, timedelta(days=1))
    if row is None or recent or today >= _IN_A_DAY:
        return
    mailed = LinkMailed(link=new_id(), customer=row[0], address=address, language=language, until=now + VALID, at=now)
    ledger.record(connection, [(mailed, Cause(correlation=mailed.customer))], {})
    queue.enqueue(connection, [NewDelivery(mailed.link, Kind.REQUESTS_LINK, address)])
