"""What agents may do to customers: one pure function a verb."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import UNSET

from schemas.errors import ConflictError, InvalidError
from schemas.facts.customer import (
    AddressAdded,
    AddressProven,
    CustomerJoinedOrganization,
    CustomerLeftOrganization,
    CustomerMerged,
    CustomerRegistered,
    CustomerUnmerged,
    Handle,
    Person,
    PersonErased,
)
from services.customers.requests import (
    AddAddress,
    ErasePerson,
    MergeCustomers,
    RegisterCustomer,
    SetOrganization,
    UnmergeCustomers,
)
from services.customers.state import Customer, CustomerFact, Owner, organization_of

NAME_MAX_CHARACTERS = 200


def register(
    request: RegisterCustomer, addresses: Mapping[UUID, str], owners: Mapping[UUID, Owner]
) -> list[CustomerFact]:
    """A person an agent knows. `addresses`: id → normalized. Raises ConflictError for an address that is another's."""
    name = " ".join(request.name.replace("\x00", " ").split())
    if not name or len(name) > NAME_MAX_CHARACTERS:
        raise InvalidError(f"a name has 1 to {NAME_MAX_CHARACTERS} characters", field="name")
    facts: list[CustomerFact] = [
        CustomerRegistered(
            customer=request.id,
            # without an address their own id stands in for one: the key that seals the name
            address=next(iter(addresses), request.id),
            language=request.language,
            by=request.by,
            at=request.now,
            personal=Person(name=name),
        )
    ]
    for address, text in addresses.items():
        if address in owners:
            raise ConflictError(f"{text} is another customer's", field="addresses")
        facts.append(
            AddressAdded(
                customer=request.id,
                address=address,
                proven=True,
                by=request.by,
                at=request.now,
                personal=Handle(address=text, name=name),
            )
        )
    return facts


def add_address(
    customer: Customer, family: frozenset[UUID], address: UUID, text: str, owner: Owner | None, request: AddAddress
) -> list[CustomerFact]:
    """This is theirs too. `family`: all that are read as this customer. Raises ConflictError when it is another's."""
    refuse_gone(customer)
    if owner is not None and owner.customer not in family:
        raise ConflictError(
            "this address is another customer's: merge them if they are the same person", field="address"
        )
    if owner is not None and owner.proven:
        return []
    if owner is not None:
        return [AddressProven(customer=owner.customer, address=address, at=request.now)]
    return [
        AddressAdded(
            customer=customer.id,
            address=address,
            proven=True,
            by=request.by,
            at=request.now,
            personal=Handle(address=text),
        )
    ]


def merge(target: Customer, sources: Sequence[Customer], request: MergeCustomers) -> list[CustomerFact]:
    """The same person. Raises ConflictError, InvalidError."""
    refuse_gone(target)
    if not sources:
        raise InvalidError("which customers?", field="from")
    for source in sources:
        refuse_gone(source)
        if source.id == target.id:
            raise InvalidError("a customer can't be merged with themselves", field="from")
    return [
        CustomerMerged(customer=source.id, into=target.id, by=request.by, at=request.now)
        for source in {source.id: source for source in sources}.values()
    ]


def unmerge(target: Customer, source: Customer, request: UnmergeCustomers) -> list[CustomerFact]:
    """Two people after all. Raises ConflictError."""
    if source.merged_into != target.id:
        raise ConflictError("they are not merged", field="from")
    return [CustomerUnmerged(customer=source.id, out_of=target.id, by=request.by, at=request.now)]


def belong(customer: Customer, family: Sequence[Customer], request: SetOrganization) -> list[CustomerFact]:
    """To this organization, or to none. `family`: all that are read as this customer. Raises ConflictError."""
    refuse_gone(customer)
    before = organization_of(customer, family)
    if request.was not in {UNSET, before}:
        raise ConflictError("somebody has changed this customer's organization since")
    if request.member is not None:
        moved = [each for each in family if each.id == request.member]
        if not moved:
            raise ConflictError("they are not merged any more")
    elif request.organization == before:
        return []
    else:
        moved = [customer] if request.organization else list(family)
    facts = leave(moved, request)
    if request.organization is not None:
        facts.append(
            CustomerJoinedOrganization(
                customer=moved[0].id, organization=request.organization, by=request.by, at=request.now
            )
        )
    return facts


def leave(customers: Iterable[Customer], request: SetOrganization | ErasePerson) -> list[CustomerFact]:
    """Each that belongs to an organization does so no more."""
    return [
        CustomerLeftOrganization(customer=each.id, organization=each.organization, by=request.by, at=request.now)
        for each in customers
        if each.organization is not None
    ]


def erase(
    customer: Customer,
    family: Sequence[Customer],
    addresses: Mapping[UUID, tuple[UUID, ...]],
    request: ErasePerson,
) -> list[CustomerFact]:
    """Forget the person under every id of theirs, and where they worked. `addresses`: by customer.

    Raises ConflictError.
    """
    if customer.erased:
        raise ConflictError("this person was erased already")
    erased = [
        PersonErased(customer=member, addresses=theirs, by=request.by, at=request.now)
        for member, theirs in sorted(addresses.items())
    ]
    return [*leave(family, request), *erased]


def refuse_gone(customer: Customer) -> None:
    """Raise ConflictError for a customer that is read as another, or erased."""
    if customer.erased:
        raise ConflictError("this person was erased")
    if customer.merged_into is not None:
        raise ConflictError("this customer is merged into another")
