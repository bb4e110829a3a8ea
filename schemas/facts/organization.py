"""Facts of an organization: the company customers belong to, what it has of ours, and until when it is helped.

Nothing here is sealed: a company is no person (docs/decisions/0017). Who belongs to it stands with the customers.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


@fact("organization.registered.v1")
class OrganizationRegistered(Fact, frozen=True, kw_only=True):
    """There is a company we know."""

    organization: UUID
    name: str
    by: str
    at: datetime


@fact("organization.renamed.v1")
class OrganizationRenamed(Fact, frozen=True, kw_only=True):
    """It goes by another name now."""

    organization: UUID
    name: str
    by: str
    at: datetime


@fact("organization.domains_set.v1")
class OrganizationDomainsSet(Fact, frozen=True, kw_only=True):
    """Its people's mail comes from these domains. They only ever propose it: nobody joins by them alone."""

    organization: UUID
    domains: tuple[str, ...] = ()
    by: str
    at: datetime


@fact("organization.products_set.v1")
class OrganizationProductsSet(Fact, frozen=True, kw_only=True):
    """What it has of ours."""

    organization: UUID
    products: tuple[str, ...] = ()
    by: str
    at: datetime


@fact("organization.entitlement_set.v1")
class EntitlementSet(Fact, frozen=True, kw_only=True):
    """What help it is entitled to, to the end of the day `until` in UTC (None: without end). No level: to none."""

    organization: UUID
    level: str = ""
    until: date | None = None
    by: str
    at: datetime


@fact("organization.retired.v1")
class OrganizationRetired(Fact, frozen=True, kw_only=True):
    """Nobody can join it any more, and lists leave it out. Only one without people is retired."""

    organization: UUID
    by: str
    at: datetime


@fact("organization.restored.v1")
class OrganizationRestored(Fact, frozen=True, kw_only=True):
    """It is there again."""

    organization: UUID
    by: str
    at: datetime
