"""Who is at the telephone or the counter: customers that fit, with what they have open. Asked while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from eventstore.database import Connection
from projections import customers
from projections.customers import Customer

_OPEN_MAX = 6
_CUSTOMERS_MAX = 4
WORDS_MIN = 3


class OpenIncident(msgspec.Struct, frozen=True):
    """An incident a contact may belong to."""

    number: int
    subject: str
    status: str
    updated_at: datetime


class Caller(msgspec.Struct, frozen=True):
    """A customer that fits, and what they have open, the last changed first."""

    customer: Customer
    incidents: list[OpenIncident]


def by_phone(connection: Connection, phone: str) -> list[Caller]:
    """Whose number ends so."""
    return _with_open(connection, customers.by_phone(connection, phone, limit=_CUSTOMERS_MAX))


def by_any(connection: Connection, *, name: str, email: str, phone: str) -> list[Caller]:
    """By the surest of what is known: the number, the address, then the name."""
    if phone and (found := by_phone(connection, phone)):
        return found
    for words in (email, name):
        if len(words.strip()) >= WORDS_MIN:
            page = customers.find(connection, q=words.strip(), limit=_CUSTOMERS_MAX)
            if page.items:
                return _with_open(connection, page.items)
    return []


def open_of(connection: Connection, customer: UUID) -> list[OpenIncident]:
    """What a customer has open."""
    rows: Sequence[tuple[int, str, str, datetime]] = connection.execute(
        "SELECT number, subject, coalesce(family_status, status), coalesce(family_updated_at, updated_at) AS last_at"
        " FROM incidents WHERE customer = ANY(%s) AND (stands IN ('new', 'open', 'waiting') OR stands = 'snoozed')"
        " ORDER BY last_at DESC, number DESC LIMIT %s",
        (customers.family(connection, customer), _OPEN_MAX),
    ).fetchall()
    return [OpenIncident(*row) for row in rows]


def _with_open(connection: Connection, found: Sequence[Customer]) -> list[Caller]:
    return [Caller(customer, open_of(connection, customer.id)) for customer in found]
