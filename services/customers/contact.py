"""Who writes to us: the facts of a customer that a contact makes. Pure; before the contact's own facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from schemas.facts.customer import AddressAdded, AddressProven, CustomerRegistered, Handle, Person
from schemas.ids import id_beside
from schemas.interaction import Party
from services.customers.state import CustomerFact
from services.incidents.arrival import Arrival
from services.incidents.known import Known


def meet(arrival: Arrival, known: Known, *, now: datetime) -> list[CustomerFact]:
    """Register on first contact; keep further addresses as claim or proof; turn a claim into proof when it is shown.

    An address that is another's stays another's: a merge of customers is a person's decision.
    """
    sender, item = arrival.item.sender, arrival.item
    owner = known.owners.get(arrival.address)
    if owner is not None:
        customer = owner.customer
        facts: list[CustomerFact] = []
        if sender.proven and not owner.proven:
            facts.append(AddressProven(customer=customer, address=arrival.address, interaction=item.id, at=now))
        return facts + list(_further(arrival, customer, known, now))
    shown = _shown_to_be(arrival, known)
    customer = shown or id_beside(item.id, "customer")
    facts = []
    if shown is None:
        facts.append(
            CustomerRegistered(
                customer=customer,
                address=arrival.address,
                language=item.language,
                by=item.by,
                at=now,
                personal=Person(name=sender.name),
            )
        )
    facts.append(_added(customer, arrival.address, sender, item.by, now))
    return facts + list(_further(arrival, customer, known, now))


def _shown_to_be(arrival: Arrival, known: Known) -> UUID | None:
    """A customer we know already, by another address that was shown to be theirs too."""
    if not arrival.item.sender.proven:
        return None
    shown = (known.owners.get(address) for address, party in arrival.claims if party.proven)
    return next((owner.customer for owner in shown if owner is not None), None)


def _further(arrival: Arrival, customer: UUID, known: Known, now: datetime) -> Iterator[AddressAdded]:
    if arrival.item.thread != arrival.item.id and arrival.session in known.threads:
        return  # said with the chat's first message
    for address, party in arrival.claims:
        if address not in known.owners and address != arrival.address:
            yield _added(customer, address, party, arrival.item.by, now)


def _added(customer: UUID, address: UUID, party: Party, by: str, now: datetime) -> AddressAdded:
    return AddressAdded(
        customer=customer,
        address=address,
        proven=party.proven,
        by=by,
        at=now,
        personal=Handle(address=party.address, name=party.name),
    )
