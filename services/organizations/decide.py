"""What may happen to an organization. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from msgspec import UNSET

from schemas.address import without_addresses
from schemas.errors import ConflictError, InvalidError
from schemas.facts.organization import (
    EntitlementSet,
    OrganizationDomainsSet,
    OrganizationProductsSet,
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationRestored,
    OrganizationRetired,
)
from services.organizations.public_mail import is_public
from services.organizations.requests import (
    ChangeOrganization,
    RegisterOrganization,
    RestoreOrganization,
    RetireOrganization,
)
from services.organizations.state import Organization, OrganizationFact

NAME_MAX_CHARACTERS = 200
LEVEL_MAX_CHARACTERS = 60
PRODUCT_MAX_CHARACTERS = 100
PRODUCTS_MAX = 50
DOMAINS_MAX = 20
_DOMAIN = re.compile(r"(?=.{4,190}$)(?:\w[\w-]{0,62}\.)+\w{2,63}")


def register(request: RegisterOrganization) -> list[OrganizationFact]:
    """A company. Raises InvalidError."""
    name = _name(request.name)
    known = OrganizationRegistered(organization=request.id, name=name, by=request.by, at=request.now)
    details = ChangeOrganization(
        by=request.by,
        now=request.now,
        organization=request.id,
        domains=request.domains,
        products=request.products,
        level=request.level,
        until=request.until,
    )
    return [known, *change(Organization(id=request.id, name=name), details)]


def change(organization: Organization, request: ChangeOrganization) -> list[OrganizationFact]:
    """What differs. Raises InvalidError, ConflictError once it is retired."""
    refuse_retired(organization)
    who, by, at = organization.id, request.by, request.now
    facts: list[OrganizationFact] = []
    if request.name is not UNSET and (name := _name(request.name)) != organization.name:
        facts.append(OrganizationRenamed(organization=who, name=name, by=by, at=at))
    if request.domains is not UNSET and (domains := _domains(request.domains)) != organization.domains:
        facts.append(OrganizationDomainsSet(organization=who, domains=domains, by=by, at=at))
    if request.products is not UNSET and (products := _products(request.products)) != organization.products:
        facts.append(OrganizationProductsSet(organization=who, products=products, by=by, at=at))
    level, until = _entitlement(organization, request)
    if (level, until) != (organization.level, organization.until):
        facts.append(EntitlementSet(organization=who, level=level, until=until, by=by, at=at))
    return facts


def retire(organization: Organization, request: RetireOrganization, *, peopled: bool) -> list[OrganizationFact]:
    """It is none any more. Raises ConflictError while somebody belongs to it."""
    refuse_retired(organization)
    if peopled:
        raise ConflictError("customers belong to this organization: take them out of it first")
    return [OrganizationRetired(organization=organization.id, by=request.by, at=request.now)]


def restore(organization: Organization, request: RestoreOrganization) -> list[OrganizationFact]:
    """It is one after all."""
    if not organization.retired:
        return []
    return [OrganizationRestored(organization=organization.id, by=request.by, at=request.now)]


def refuse_retired(organization: Organization) -> None:
    """Raise ConflictError for an organization that is none any more."""
    if organization.retired:
        raise ConflictError("this organization was retired")


def _name(text: str) -> str:
    name = _line(text, "name", NAME_MAX_CHARACTERS)
    if not name:
        raise InvalidError(f"a name has 1 to {NAME_MAX_CHARACTERS} characters", field="name")
    return name


def _entitlement(organization: Organization, request: ChangeOrganization) -> tuple[str, date | None]:
    level, until = organization.level, organization.until
    if request.level is not UNSET:
        level = _line(request.level, "level", LEVEL_MAX_CHARACTERS)
    if request.until is not UNSET:
        until = request.until
    if until is not None and not level:
        raise InvalidError("which level holds until then?", field="level")
    return level, until


def _domains(given: Iterable[str]) -> tuple[str, ...]:
    found = sorted({domain for each in given if (domain := each.strip().lower().removeprefix("@"))})
    for domain in found:
        if _DOMAIN.fullmatch(domain) is None:
            raise InvalidError(f"not a mail domain: {domain}", field="domains")
        if is_public(domain):
            raise InvalidError(f"anybody can have an address at {domain}", field="domains")
    return _few(tuple(found), "domains", DOMAINS_MAX)


def _products(given: Iterable[str]) -> tuple[str, ...]:
    lines = (_line(each, "products", PRODUCT_MAX_CHARACTERS) for each in given)
    return _few(tuple(dict.fromkeys(line for line in lines if line)), "products", PRODUCTS_MAX)


def _few(found: tuple[str, ...], field: str, most: int) -> tuple[str, ...]:
    if len(found) > most:
        raise InvalidError(f"at most {most}", field=field)
    return found


def _line(text: str, field: str, most: int) -> str:
    line = " ".join(text.replace("\x00", " ").split())
    if len(line) > most:
        raise InvalidError(f"at most {most} characters", field=field)
    if without_addresses(line) != line:  # it outlives whoever is erased
        raise InvalidError("an organization's words name no person's address or number", field=field)
    return line
