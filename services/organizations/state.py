"""An organization as its decider sees it. Kept in `organization_state`."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from schemas.facts.organization import (
    EntitlementSet,
    OrganizationDomainsSet,
    OrganizationProductsSet,
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationRestored,
    OrganizationRetired,
)

OrganizationFact: TypeAlias = (
    OrganizationRegistered
    | OrganizationRenamed
    | OrganizationDomainsSet
    | OrganizationProductsSet
    | EntitlementSet
    | OrganizationRetired
    | OrganizationRestored
)


class Organization(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """`level` and `until`: its entitlement."""

    id: UUID
    name: str
    domains: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    level: str = ""
    until: date | None = None
    retired: bool = False


def registered(fact: OrganizationRegistered) -> Organization:
    """The state after the first fact."""
    return Organization(id=fact.organization, name=fact.name)


def evolve(organization: Organization, fact: OrganizationFact) -> Organization:  # noqa: PLR0911 -- a table, a row a fact
    """The state after one more fact."""
    match fact:
        case OrganizationRegistered():
            return registered(fact)
        case OrganizationRenamed():
            return replace(organization, name=fact.name)
        case OrganizationDomainsSet():
            return replace(organization, domains=fact.domains)
        case OrganizationProductsSet():
            return replace(organization, products=fact.products)
        case EntitlementSet():
            return replace(organization, level=fact.level, until=fact.until)
        case OrganizationRetired():
            return replace(organization, retired=True)
        case OrganizationRestored():
            return replace(organization, retired=False)
        case _:
            assert_never(fact)
