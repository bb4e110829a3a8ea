"""Customer requests: load, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import assert_never
from uuid import UUID

from eventstore.ledger import Cause
from schemas.address import parse_address
from schemas.errors import NotFoundError
from schemas.facts import stream_id
from schemas.facts.customer import AddressAdded, CustomerRegistered
from schemas.facts.incident import InteractionLinked
from schemas.facts.interaction import InteractionContent, InteractionReceived, InteractionSent
from schemas.facts.teamwork import NoteFilesAdded
from services import quarantine
from services.customers import decide
from services.customers.requests import (
    AddAddress,
    CustomerRequest,
    ErasePerson,
    MergeCustomers,
    RegisterCustomer,
    UnmergeCustomers,
)
from services.customers.state import Customer, CustomerFact
from services.desk import Desk, Done
from services.drafts import drafts, uploads
from services.incidents import loading

_PAGE = 500


def handle(desk: Desk, request: CustomerRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    match request:
        case RegisterCustomer():
            return _register(desk, request)
        case AddAddress():
            return _add_address(desk, request)
        case MergeCustomers():
            sources = [_customer(desk, source) for source in request.sources]
            return _record(desk, request, decide.merge(_customer(desk, request.customer), sources, request))
        case UnmergeCustomers():
            source = _customer(desk, request.source)
            return _record(desk, request, decide.unmerge(_customer(desk, request.customer), source, request))
        case ErasePerson():
            return _erase(desk, request)
        case _:
            assert_never(request)


def _customer(desk: Desk, customer: UUID) -> Customer:
    loading.load_customers(desk.connection, desk.known, [customer])
    found = desk.known.customers.get(customer)
    if found is None:
        raise NotFoundError("there is no such customer")
    return found


def _record(
    desk: Desk,
    request: AddAddress | MergeCustomers | UnmergeCustomers | ErasePerson,
    facts: Iterable[CustomerFact],
) -> Done:
    desk.known.record(facts, Cause(request.id))
    return Done(subject=request.customer)


def _register(desk: Desk, request: RegisterCustomer) -> Done:
    texts = [parse_address(address) for address in request.addresses]
    addresses = loading.current(desk.connection, {desk.reader.id_of(text): text for text in texts})
    loading.load_owners(desk.connection, desk.known, addresses)
    desk.known.record(decide.register(request, addresses, desk.known.owners), Cause(request.id))
    return Done(subject=request.id)


def _add_address(desk: Desk, request: AddAddress) -> Done:
    customer = _customer(desk, request.customer)
    text = parse_address(request.address)
    ((address, _),) = loading.current(desk.connection, {desk.reader.id_of(text): text}).items()
    loading.load_owners(desk.connection, desk.known, [address])
    family = frozenset(desk.known.kin[customer.root])
    facts = decide.add_address(customer, family, address, text, desk.known.owners.get(address), request)
    return _record(desk, request, facts)


def _erase(desk: Desk, request: ErasePerson) -> Done:
    """Facts first; then the keys go in the same transaction, and after the commit the blobs."""
    customer = _customer(desk, request.customer)
    members = desk.known.kin[customer.root]
    family = {member: _addresses(desk, member) for member in members}
    facts = decide.erase(customer, family, request)
    gone = {address for addresses in family.values() for address in addresses}
    desk.blobs |= _blobs(desk, members, gone)
    drafts.forget(desk.connection, gone)
    desk.blobs |= uploads.forget(desk.connection, gone)
    desk.blobs |= quarantine.forget(desk.connection, _handles(desk, members, gone), by=request.by)
    done = _record(desk, request, facts)
    desk.ledger.keys.destroy(desk.connection, gone)
    loading.retire(desk.connection, desk.known, gone)
    return done


def _addresses(desk: Desk, customer: UUID) -> tuple[UUID, ...]:
    """Theirs, and what they typed that is nobody else's."""
    facts = desk.ledger.load(desk.connection, [stream_id("customer", customer)])[stream_id("customer", customer)].facts
    named = {fact.address for fact in facts if isinstance(fact, CustomerRegistered | AddressAdded)}
    loading.load_owners(desk.connection, desk.known, named)
    owned = {address for address, _ in loading.load_addresses(desk.connection, [customer])}
    free = {address for address in named if address not in desk.known.owners}
    free -= loading.load_renewed(desk.connection, free).keys()  # erased with whoever it belonged to
    return tuple(sorted(owned | free))


def _handles(desk: Desk, customers: Collection[UUID], addresses: set[UUID]) -> set[str]:
    """The same addresses as people write them."""
    histories = desk.ledger.load(desk.connection, [stream_id("customer", customer) for customer in customers])
    return {
        fact.personal.address
        for history in histories.values()
        for fact in history.facts
        if isinstance(fact, AddressAdded) and fact.personal is not None and fact.address in addresses
    }


def _blobs(desk: Desk, customers: Collection[UUID], addresses: set[UUID]) -> set[str]:
    """What hangs on anything of theirs."""
    found: set[str] = set()
    incidents = loading.load_incidents_of(desk.connection, customers)
    interactions = list(loading.load_unplaced(desk.connection, addresses))
    for page in _pages(incidents):
        histories = desk.ledger.load(desk.connection, [stream_id("incident", incident) for incident in page])
        found |= {
            file.blob
            for history in histories.values()
            for fact in history.facts
            if isinstance(fact, NoteFilesAdded) and fact.address in addresses and fact.personal is not None
            for file in fact.personal.attachments
        }
        interactions += (
            fact.interaction
            for history in histories.values()
            for fact in history.facts
            if isinstance(fact, InteractionLinked) and fact.address in addresses
        )
    for page in _pages(sorted(set(interactions))):
        histories = desk.ledger.load(desk.connection, [stream_id("interaction", one) for one in page])
        for history in histories.values():
            for fact in history.facts:
                if isinstance(fact, InteractionReceived | InteractionSent) and fact.personal is not None:
                    found |= _named(fact.personal)
    return found


def _named(content: InteractionContent) -> set[str]:
    return {blob for blob in (content.html, content.raw, *(file.blob for file in content.attachments)) if blob}


def _pages(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    for start in range(0, len(ids), _PAGE):
        yield ids[start : start + _PAGE]
