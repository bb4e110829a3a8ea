"""What an agent can ask of a customer. Made by the API and the CLI, run by `services/commands.py`."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET, UnsetType

from services.request import Request


class RegisterCustomer(Request, frozen=True, kw_only=True):
    """Enter a person; their id is this request's. An agent's word proves the addresses. 409 for another's address."""

    name: str
    addresses: tuple[str, ...] = ()
    language: str = ""


class AddAddress(Request, frozen=True, kw_only=True):
    """This address is theirs too: proven. 409 when it is another's."""

    customer: UUID
    address: str


class MergeCustomers(Request, frozen=True, kw_only=True):
    """`sources` are the same person as `customer`."""

    customer: UUID
    sources: tuple[UUID, ...]


class UnmergeCustomers(Request, frozen=True, kw_only=True):
    """`source` is somebody else after all."""

    customer: UUID
    source: UUID


class SetOrganization(Request, frozen=True, kw_only=True):
    """They belong to this organization, or (None) to none.

    What undoes it asks more: `was`: only while it is so; `member`: this one alone of all who are read as them.
    """

    customer: UUID
    organization: UUID | None
    was: UUID | UnsetType | None = UNSET
    member: UUID | None = None


class ErasePerson(Request, frozen=True, kw_only=True):
    """Destroy the keys and blobs of everything personal about them. Can't be undone."""

    customer: UUID


CustomerRequest = RegisterCustomer | AddAddress | MergeCustomers | UnmergeCustomers | SetOrganization | ErasePerson
