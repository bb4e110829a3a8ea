"""Facts of a customer: a person and the addresses that are theirs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, Personal, fact


class Person(Personal, frozen=True, kw_only=True):
    """What a person is called."""

    name: str = ""


class Handle(Personal, frozen=True, kw_only=True):
    """A written address and the name it came with."""

    address: str
    name: str = ""


@fact("customer.registered.v1")
class CustomerRegistered(Fact, frozen=True, kw_only=True):
    """A person became known. `address` is the first one of theirs; its key seals the name."""

    customer: UUID
    address: UUID
    language: str = ""
    by: str = ""
    at: datetime
    personal: Person | None = None


@fact("customer.address_added.v1")
class AddressAdded(Fact, frozen=True, kw_only=True):
    """An address is theirs, as a claim or with proof. An agent's word (`by`) is proof."""

    customer: UUID
    address: UUID
    proven: bool = False
    by: str = ""
    at: datetime
    personal: Handle | None = None


@fact("customer.address_proven.v1")
class AddressProven(Fact, frozen=True, kw_only=True):
    """A claim was shown to be true by `interaction`."""

    customer: UUID
    address: UUID
    interaction: UUID | None = None
    at: datetime


@fact("customer.merged.v1")
class CustomerMerged(Fact, frozen=True, kw_only=True):
    """The same person as `into`: an alias looked up at read."""

    customer: UUID
    into: UUID
    by: str
    at: datetime


@fact("customer.unmerged.v1")
class CustomerUnmerged(Fact, frozen=True, kw_only=True):
    """Two people after all."""

    customer: UUID
    out_of: UUID
    by: str
    at: datetime


@fact("customer.joined_organization.v1")
class CustomerJoinedOrganization(Fact, frozen=True, kw_only=True):
    """They belong to a company: one at a time."""

    customer: UUID
    organization: UUID
    by: str
    at: datetime


@fact("customer.left_organization.v1")
class CustomerLeftOrganization(Fact, frozen=True, kw_only=True):
    """They don't any more: somebody said so, they joined another, or they were erased."""

    customer: UUID
    organization: UUID
    by: str
    at: datetime


@fact("customer.person_erased.v1")
class PersonErased(Fact, frozen=True, kw_only=True):
    """The keys and blobs of these addresses were destroyed; every projection blanks what was theirs."""

    customer: UUID
    addresses: tuple[UUID, ...]
    by: str
    at: datetime
