"""Fills the working set with organizations, from `organization_state`; and says whether somebody belongs to one."""

from __future__ import annotations

from uuid import UUID

import msgspec

from eventstore.database import Connection
from eventstore.packed import Uuids
from schemas.errors import NotFoundError
from schemas.facts import stream_id
from services.incidents.known import Known
from services.organizations.state import Organization

_organization = msgspec.msgpack.Decoder(Organization)


def find(connection: Connection, known: Known, organization: UUID) -> Organization:
    """An organization, retired ones too. Raises NotFoundError."""
    if organization not in known.organizations:
        row = connection.execute(
            "SELECT version, state FROM organization_state WHERE organization = %s", (organization,)
        ).fetchone()
        if row is None:
            raise NotFoundError("there is no such organization")
        version, state = row
        known.organizations[organization] = _organization.decode(state)
        known.versions[stream_id("organization", organization)] = version
    return known.organizations[organization]


def is_peopled(connection: Connection, known: Known, organization: UUID) -> bool:
    """Does a customer belong to it, as this transaction leaves them?"""
    if any(customer.organization == organization for customer in known.customers.values()):
        return True
    row = connection.execute(
        "SELECT FROM customer_state WHERE organization = %s AND customer <> ALL(%b) LIMIT 1",
        (organization, Uuids(known.customers)),
    ).fetchone()
    return row is not None
