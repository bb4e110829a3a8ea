"""Where a customer belongs, and where they seem to: shown beside them. Nobody joins by a mail domain alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eventstore.database import Connection
from projections import organizations
from projections.customers import Customer
from projections.organizations import Organization
from schemas.address import Kind, handle_of, kind_of
from services.organizations.public_mail import domains_of, is_public


@dataclass(frozen=True, slots=True)
class Belonging:
    """`proposals`: by the `domains` of proven mail addresses, which are for one that is yet to be made too."""

    organization: Organization | None
    proposals: Sequence[Organization] = ()
    domains: Sequence[str] = ()


def read(connection: Connection, customer: Customer) -> Belonging:
    """Of a customer as they are read now."""
    if customer.organization is not None:
        return Belonging(organizations.get(connection, customer.organization.id))
    domains = list(dict.fromkeys(_domains(customer)))
    within = [each for domain in domains for each in domains_of(domain)]
    return Belonging(None, organizations.of_domains(connection, within) if within else (), domains)


def _domains(customer: Customer) -> Sequence[str]:
    """Of addresses shown to be theirs, without those where anybody can have one."""
    mail = (each.address for each in customer.addresses if each.proven and kind_of(each.address) is Kind.EMAIL)
    return [domain for address in mail if not is_public(domain := handle_of(address).rpartition("@")[2])]
