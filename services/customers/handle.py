"""Customer requests: load, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import assert_never
from uuid import UUID

from msgspec.structs import replace

from eventstore.database import Connection
from eventstore.ledger import Cause
from schemas.address import parse_address
from schemas.errors import NotFoundError
from schemas.facts import stream_id
from schemas.facts.customer import AddressAdded, CustomerRegistered
from services.customers import decide
from services.customers.requests import (
    AddAddress,
    CustomerRequest,
    ErasePerson,
    MergeCustomers,
    RegisterCustomer,
    SetOrganization,
    UnmergeCustomers,
)
from services.customers.state import Customer, CustomerFact
from services.desk import Desk, Done
from services.drafts import drafts, uploads
from services.incidents import loading
from services.incidents.known import Known
from services.organizations import loading as organizations
from services.organizations.decide import refuse_retired
from services.privacy import named, quarantined, records


def handle(desk: Desk, request: CustomerRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    match request:
        case RegisterCustomer():
            return _register(desk, request)
        case AddAddress():
            return _add_address(desk, request)
        case MergeCustomers():
            sources = [_customer(desk, source) for source in request.sources]
            did = _record(desk, request, decide.merge(_customer(desk, request.customer), sources, request))
            each = dict.fromkeys(request.sources)
            apart = tuple(UnmergeCustomers(customer=request.customer, source=source) for source in each)
            return replace(did, inverse=apart)
        case UnmergeCustomers():
            source = _customer(desk, request.source)
            did = _record(desk, request, decide.unmerge(_customer(desk, request.customer), source, request))
            return replace(did, inverse=(MergeCustomers(customer=request.customer, sources=(request.source,)),))
        case SetOrganization():
            return _set_organization(desk, request)
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


def _set_organization(desk: Desk, request: SetOrganization) -> Done:
    customer = _customer(desk, request.customer)
    if request.organization is not None:
        refuse_retired(organizations.find(desk.connection, desk.known, request.organization))
    family = _family(desk, customer)
    facts = decide.belong(customer, family, request)
    desk.known.record(facts, Cause(request.id))
    moved = {fact.customer for fact in facts}
    back = tuple(
        SetOrganization(customer=customer.id, organization=each.organization, member=each.id)
        for each in family
        if each.id in moved
    )
    still = (replace(back[0], was=request.organization), *back[1:]) if back else ()
    return Done(subject=customer.id, inverse=still)


def _family(desk: Desk, customer: Customer) -> list[Customer]:
    return [desk.known.customers[member] for member in sorted(desk.known.kin[customer.root])]


def _erase(desk: Desk, request: ErasePerson) -> Done:
    """Facts first; then the keys go in the same transaction, and after the commit the blobs and records.

    No history is read: which blobs are theirs an index tells, so that however much they wrote the lock is held shortly.
    """
    customer = _customer(desk, request.customer)
    members = desk.known.kin[customer.root]
    family = {member: _addresses(desk, member) for member in members}
    facts = decide.erase(customer, _family(desk, customer), family, request)
    gone = {address for addresses in family.values() for address in addresses}
    named.finish(desk.connection, desk.ledger.keys)
    desk.blobs |= named.theirs(desk.connection, gone)
    records.remember(desk.connection, gone)
    drafts.forget(desk.connection, gone)
    desk.blobs |= uploads.forget(desk.connection, gone)
    desk.blobs |= quarantined.forget(desk.connection, _handles(desk, members, gone), by=request.by)
    done = _record(desk, request, facts)
    desk.ledger.keys.destroy(desk.connection, gone)
    _retire(desk.connection, desk.known, gone)
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


def _retire(connection: Connection, known: Known, addresses: Collection[UUID]) -> None:
    """These are nobody's now. Who writes from one again is somebody new, under another id with a key of its own."""
    for address in addresses:
        known.owners.pop(address, None)
        known.changes.owners.add(address)
    connection.execute(
        "WITH gone AS (SELECT unnest(%(gone)s::uuid[]) AS address),"
        " again AS (UPDATE renewed_address SET renewed = gen_random_uuid() FROM gone"
        "  WHERE renewed_address.renewed = gone.address RETURNING gone.address)"
        " INSERT INTO renewed_address (address, renewed) SELECT address, gen_random_uuid() FROM gone"
        " WHERE address NOT IN (SELECT address FROM again)",
        {"gone": list(addresses)},
    )
