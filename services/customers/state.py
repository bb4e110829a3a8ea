"""A customer as the deciders see them: ids only. Kept in `customer_state` and `address_owner`."""

from __future__ import annotations

from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from schemas.facts.customer import (
    AddressAdded,
    AddressProven,
    CustomerMerged,
    CustomerRegistered,
    CustomerUnmerged,
    PersonErased,
)

CustomerFact: TypeAlias = (
    CustomerRegistered | AddressAdded | AddressProven | CustomerMerged | CustomerUnmerged | PersonErased
)


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """`root`: the customer this one is read as, itself unless merged."""

    id: UUID
    root: UUID
    merged_into: UUID | None = None
    erased: bool = False


class Owner(msgspec.Struct, frozen=True):
    """Whose an address is."""

    customer: UUID
    proven: bool


def evolve(customer: Customer, fact: CustomerFact) -> Customer:
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
        case PersonErased():
            return replace(customer, erased=True)
        case _:
            assert_never(fact)
