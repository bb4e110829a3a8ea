"""Incidents by their numbers, addresses as people write them: what several requests ask for. Under the lock."""

from __future__ import annotations

from uuid import UUID

from schemas.errors import NotFoundError
from schemas.facts import stream_id
from schemas.facts.customer import AddressAdded
from services.desk import Desk
from services.incidents import loading, regroup
from services.incidents.state import Incident


def find(desk: Desk, number: int) -> Incident:
    """The incident of a number, if whoever asks may see it. Raises NotFoundError."""
    loading.load_incidents(desk.connection, desk.known, (), [number])
    incident = desk.known.numbers.get(number)
    if incident is None or not desk.sees(incident):
        raise NotFoundError(f"there is no incident {number}")
    return desk.known.incidents[incident]


def working(desk: Desk, number: int) -> Incident:
    """An incident that takes work: not one that is read as part of another. Raises NotFoundError, ConflictError."""
    incident = find(desk, number)
    regroup.refuse_merged(incident, desk.known.incidents[desk.known.root(incident.id)])
    return incident


def written_as(desk: Desk, addresses: set[UUID]) -> dict[UUID, str]:
    """The addresses as people write them, out of their customers' facts."""
    loading.load_owners(desk.connection, desk.known, addresses)
    customers = {desk.known.owners[address].customer for address in addresses if address in desk.known.owners}
    desk.ledger.keys.load(desk.connection, addresses)
    found: dict[UUID, str] = {}
    for history in desk.ledger.load(desk.connection, [stream_id("customer", one) for one in customers]).values():
        for fact in history.facts:
            if isinstance(fact, AddressAdded) and fact.personal is not None:
                found[fact.address] = fact.personal.address
    return found
