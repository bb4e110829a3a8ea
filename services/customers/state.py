"""A customer as the deciders see them: ids only. Kept in `customer_state` and `address_owner`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from schemas.facts.customer import (
    AddressAdded,
    AddressProven,
    CustomerJoinedOrganization,
    CustomerLeftOrganization,
    CustomerMerged,
    CustomerRegistered,
    CustomerUnmerged,
    PersonErased,
)

CustomerFact: TypeAlias = (
    CustomerRegistered
    | AddressAdded
    | AddressProven
    | CustomerMerged
    | CustomerUnmerged
    | CustomerJoinedOrganization
    | CustomerLeftOrganization
    | PersonErased
)


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """`root`: the customer this one is read as, itself unless merged. `organization`: this one's own."""

    id: UUID
    root: UUID
    merged_into: UUID | None = None
    erased: bool = False
    organization: UUID | None = None


class Owner(msgspec.Struct, frozen=True):
    """Whose an address is."""

    customer: UUID
    proven: bool


def organization_of(root: Customer, family: Iterable[Customer]) -> UUID | None:
    """Where a whole belongs: as its root does, else as the first by id of those merged into it."""
    first = min((each for each in family if each.organization is not None), key=lambda each: each.id, default=root)
    return root.organization or first.organization


def evolve(customer: Customer, fact: CustomerFact) -> Customer:  # noqa: PLR0911 -- a table, a row a fact
    """The state after one more fact; roots follow from `merged_into`, where all of a family are known."""
    match fact:
        case CustomerRegistered():
            return Customer(id=fact.customer, root=fact.customer)
        case AddressAdded() | AddressProven():
            return customer
        case CustomerMerged():
            return replace(customer, merged_into=fact.into)
        case CustomerUnmerged():
            return replace(customer, merged_into=None)
        case CustomerJoinedOrganization():
            return replace(customer, organization=fact.organization)
        case CustomerLeftOrganization():
            return replace(customer, organization=None)
        case PersonErased():
            return replace(customer, erased=True)
        case _:
            assert_never(fact)
