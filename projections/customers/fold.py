"""How facts become customers and their addresses. Merged ones are aliases looked up at read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.erasure import erased
from projections.projection import Everywhere, Projection, Table, changes, on, opens
from schemas.facts.customer import (
    AddressAdded,
    AddressProven,
    CustomerMerged,
    CustomerRegistered,
    CustomerUnmerged,
    PersonErased,
)


class CustomerRow(msgspec.Struct, frozen=True):
    """A row of `customers`."""

    id: UUID
    position: int
    language: str
    name: str
    address: UUID
    registered_at: datetime
    merged_into: UUID | None


class AddressRow(msgspec.Struct, frozen=True):
    """A row of `customer_addresses`."""

    customer: UUID
    address: UUID
    position: int
    proven: bool
    text: str
    name: str


def _blank_address(key: tuple[UUID, UUID]) -> AddressRow:
    return AddressRow(*key, position=0, proven=False, text="", name="")


CUSTOMERS_TABLE = Table("customers", CustomerRow, ("id",))
_ADDRESSES = Table("customer_addresses", AddressRow, ("customer", "address"), _blank_address)


def _registered(fact: CustomerRegistered, event: Recorded) -> CustomerRow:
    name = fact.personal.name if fact.personal else ""
    return CustomerRow(fact.customer, event.position, fact.language, name, fact.address, fact.at, None)


def _address_added(row: AddressRow, fact: AddressAdded, event: Recorded) -> AddressRow:
    return replace(
        row,
        position=row.position or event.position,
        proven=row.proven or fact.proven,
        text=fact.personal.address if fact.personal else "",
        name=fact.personal.name if fact.personal else "",
    )


def _address_proven(row: AddressRow, _: AddressProven, event: Recorded) -> AddressRow:
    return replace(row, position=row.position or event.position, proven=True)


def _merged(row: CustomerRow, fact: CustomerMerged, _: Recorded) -> CustomerRow:
    return replace(row, merged_into=fact.into)


def _unmerged(row: CustomerRow, _fact: CustomerUnmerged, _: Recorded) -> CustomerRow:
    return replace(row, merged_into=None)


CUSTOMERS = Projection(
    "customers",
    version=1,
    ddl="customers/tables.sql",
    tables=(CUSTOMERS_TABLE, _ADDRESSES),
    on=(
        on(CustomerRegistered, opens(CUSTOMERS_TABLE, lambda fact: fact.customer, _registered)),
        on(AddressAdded, changes(_ADDRESSES, lambda fact: (fact.customer, fact.address), _address_added)),
        on(AddressProven, changes(_ADDRESSES, lambda fact: (fact.customer, fact.address), _address_proven)),
        on(CustomerMerged, changes(CUSTOMERS_TABLE, lambda fact: fact.customer, _merged)),
        on(CustomerUnmerged, changes(CUSTOMERS_TABLE, lambda fact: fact.customer, _unmerged)),
        on(
            PersonErased,
            Everywhere("UPDATE customers SET name = '' WHERE address = ANY(%(addresses)s)", erased),
            Everywhere("UPDATE customer_addresses SET text = '', name = '' WHERE address = ANY(%(addresses)s)", erased),
        ),
    ),
)
