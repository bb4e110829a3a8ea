"""Organizations: their products, entitlement and mail domains, and who belongs to them. Also asked by the customers.

A customer belongs as the root of the merge does; where it belongs to none, as the first by id of those merged into it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.database import Connection
from eventstore.recorded import Recorded
from projections.likeness import folded, likeness
from projections.newest import Condition, by_key, newest
from projections.page import LIMIT, Page
from projections.projection import Projection, Table, changes, on, opens
from schemas.facts.customer import CustomerJoinedOrganization, CustomerLeftOrganization
from schemas.facts.organization import (
    EntitlementSet,
    OrganizationDomainsSet,
    OrganizationProductsSet,
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationRestored,
    OrganizationRetired,
)


class Entitlement(msgspec.Struct, frozen=True):
    """`until`: its last day, None without end. `expired`: that day is over, in UTC."""

    level: str
    until: date | None
    expired: bool


class Named(msgspec.Struct, frozen=True):
    """An organization where it is only named."""

    id: UUID
    name: str


class Organization(msgspec.Struct, frozen=True):
    """An organization as SURFACE's customers name it, whole. `version`: of what is known of it."""

    id: UUID
    name: str
    domains: list[str]
    products: list[str]
    entitlement: Entitlement | None
    registered_at: datetime
    retired: bool
    version: int


class OrganizationRow(msgspec.Struct, frozen=True):
    """A row of `organizations`."""

    id: UUID
    position: int
    name: str
    sought: str
    domains: list[str]
    products: list[str]
    level: str
    until: date | None
    registered_at: datetime
    retired: bool
    version: int


class MemberRow(msgspec.Struct, frozen=True):
    """A row of `organization_members`."""

    customer: UUID
    organization: UUID | None
    position: int


_ORGANIZATIONS = Table("organizations", OrganizationRow, ("id",))
_MEMBERS = Table("organization_members", MemberRow, ("customer",), lambda customer: MemberRow(customer, None, 0))


def _changed(row: OrganizationRow, **changed: object) -> OrganizationRow:
    row = replace(row, **changed, version=row.version + 1)
    return replace(row, sought=folded(" ".join([row.name, *row.domains])))


def _registered(fact: OrganizationRegistered, event: Recorded) -> OrganizationRow:
    row = OrganizationRow(
        id=fact.organization,
        position=event.position,
        name=fact.name,
        sought="",
        domains=[],
        products=[],
        level="",
        until=None,
        registered_at=fact.at,
        retired=False,
        version=0,
    )
    return _changed(row)


def _renamed(row: OrganizationRow, fact: OrganizationRenamed, _: Recorded) -> OrganizationRow:
    return _changed(row, name=fact.name)


def _domains_set(row: OrganizationRow, fact: OrganizationDomainsSet, _: Recorded) -> OrganizationRow:
    return _changed(row, domains=list(fact.domains))


def _products_set(row: OrganizationRow, fact: OrganizationProductsSet, _: Recorded) -> OrganizationRow:
    return _changed(row, products=list(fact.products))


def _entitled(row: OrganizationRow, fact: EntitlementSet, _: Recorded) -> OrganizationRow:
    return _changed(row, level=fact.level, until=fact.until)


def _retired(row: OrganizationRow, _fact: OrganizationRetired, _: Recorded) -> OrganizationRow:
    return _changed(row, retired=True)


def _restored(row: OrganizationRow, _fact: OrganizationRestored, _: Recorded) -> OrganizationRow:
    return _changed(row, retired=False)


def _joined(row: MemberRow, fact: CustomerJoinedOrganization, event: Recorded) -> MemberRow:
    return replace(row, organization=fact.organization, position=event.position)


def _left(row: MemberRow, _: CustomerLeftOrganization, event: Recorded) -> MemberRow:
    return replace(row, organization=None, position=event.position)


ORGANIZATIONS = Projection(
    "organizations",
    version=1,
    ddl="organizations.sql",
    tables=(_ORGANIZATIONS, _MEMBERS),
    on=(
        on(OrganizationRegistered, opens(_ORGANIZATIONS, lambda fact: fact.organization, _registered)),
        on(OrganizationRenamed, changes(_ORGANIZATIONS, lambda fact: fact.organization, _renamed)),
        on(OrganizationDomainsSet, changes(_ORGANIZATIONS, lambda fact: fact.organization, _domains_set)),
        on(OrganizationProductsSet, changes(_ORGANIZATIONS, lambda fact: fact.organization, _products_set)),
        on(EntitlementSet, changes(_ORGANIZATIONS, lambda fact: fact.organization, _entitled)),
        on(OrganizationRetired, changes(_ORGANIZATIONS, lambda fact: fact.organization, _retired)),
        on(OrganizationRestored, changes(_ORGANIZATIONS, lambda fact: fact.organization, _restored)),
        on(CustomerJoinedOrganization, changes(_MEMBERS, lambda fact: fact.customer, _joined)),
        on(CustomerLeftOrganization, changes(_MEMBERS, lambda fact: fact.customer, _left)),
    ),
)


def find(
    connection: Connection, *, q: str | None = None, cursor: str | None = None, limit: int = LIMIT
) -> Page[Organization]:
    """Organizations, newest first, without retired ones; `q`: part of a name or of a mail domain."""
    conditions: list[Condition] = []
    if q:
        # found first: walking the list for a name that hardly anybody has would read all of it
        sought: LiteralString = "id = ANY(ARRAY(SELECT id FROM organizations WHERE sought LIKE ANY(%s)))"
        conditions = [(sought, likeness(folded(q)))]
    kept, following = newest(
        connection,
        _ORGANIZATIONS,
        lambda row: row.position,
        conditions,
        among="NOT retired",
        cursor=cursor,
        limit=limit,
    )
    return Page([_shown(row) for row in kept], following)


def get(connection: Connection, organization: UUID) -> Organization | None:
    """One organization, a retired one too."""
    row = by_key(connection, _ORGANIZATIONS, organization)
    return _shown(row) if row else None


def of_domains(connection: Connection, domains: Collection[str], *, limit: int = 3) -> list[Organization]:
    """Those whose people's mail comes from one of these domains, newest first."""
    kept, _ = newest(
        connection,
        _ORGANIZATIONS,
        lambda row: row.position,
        [("id = ANY(ARRAY(SELECT id FROM organizations WHERE domains && %s))", list(domains))],
        among="NOT retired",
        cursor=None,
        limit=limit,
    )
    return [_shown(row) for row in kept]


def of(connection: Connection, customers: Collection[UUID]) -> dict[UUID, Named]:
    """Where each of these belongs. None of them is merged into another; who belongs nowhere is left out."""
    belong = _belonging(connection, customers)
    rows: Sequence[tuple[UUID, str]] = connection.execute(
        "SELECT id, name FROM organizations WHERE id = ANY(%s)", (list({each for _, each in belong.values()}),)
    ).fetchall()
    names = dict(rows)
    return {root: Named(each, names[each]) for root, (_, each) in belong.items() if each in names}


def people(connection: Connection, organization: UUID, *, cursor: str | None = None, limit: int = LIMIT) -> Page[UUID]:
    """The customers who belong to it, who joined last first. A page of merged ones may be shorter than `limit`."""
    kept, following = newest(
        connection,
        _MEMBERS,
        lambda row: row.position,
        [("organization = %s", organization)],
        cursor=cursor,
        limit=limit,
    )
    roots = _roots(connection, [row.customer for row in kept])
    belong = _belonging(connection, set(roots.values()))
    found = [(row.customer, roots[row.customer]) for row in kept if row.customer in roots]
    return Page([root for member, root in found if belong[root][0] == member], following)


def customers_of(connection: Connection, organization: UUID) -> list[UUID]:
    """All ids of customers who belong to it, those of merged ones too."""
    members: Sequence[tuple[UUID]] = connection.execute(
        "SELECT customer FROM organization_members WHERE organization = %s", (organization,)
    ).fetchall()
    roots = set(_roots(connection, [member for (member,) in members]).values())
    theirs = [root for root, (_, each) in _belonging(connection, roots).items() if each == organization]
    rows: Sequence[tuple[UUID]] = connection.execute(
        "WITH RECURSIVE family AS (SELECT unnest(%s::uuid[]) AS id UNION ALL SELECT c.id FROM family, LATERAL"
        "  (SELECT id FROM customers WHERE merged_into = family.id OFFSET 0) AS c) SELECT id FROM family",
        (theirs,),
    ).fetchall()
    return [customer for (customer,) in rows]


def _roots(connection: Connection, customers: Collection[UUID]) -> dict[UUID, UUID]:
    """What each customer is read as now."""
    rows: Sequence[tuple[UUID, UUID]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT id AS asked, id, merged_into FROM customers WHERE id = ANY(%s)"
        "  UNION ALL SELECT up.asked, c.id, c.merged_into FROM up, LATERAL"
        "   (SELECT id, merged_into FROM customers WHERE id = up.merged_into OFFSET 0) AS c"
        ") SELECT asked, id FROM up WHERE merged_into IS NULL",
        (list(customers),),
    ).fetchall()
    return dict(rows)


def _belonging(connection: Connection, roots: Collection[UUID]) -> dict[UUID, tuple[UUID, UUID]]:
    """Root → the member by whom it belongs, and to which organization."""
    rows: Sequence[tuple[UUID, UUID, UUID]] = connection.execute(
        "SELECT root, belongs.customer, belongs.organization FROM unnest(%s::uuid[]) AS root, LATERAL ("
        " WITH RECURSIVE family AS ("
        "  SELECT root AS id, 0 AS depth UNION ALL SELECT c.id, 1 FROM family, LATERAL"
        "   (SELECT id FROM customers WHERE merged_into = family.id OFFSET 0) AS c"
        " ) SELECT m.customer, m.organization FROM family, LATERAL"
        "   (SELECT customer, organization FROM organization_members WHERE customer = family.id OFFSET 0) AS m"
        "  WHERE m.organization IS NOT NULL ORDER BY family.depth, family.id LIMIT 1"
        ") AS belongs",
        (list(roots),),
    ).fetchall()
    return {root: (member, organization) for root, member, organization in rows}


def _shown(row: OrganizationRow) -> Organization:
    expired = row.until is not None and row.until < datetime.now(UTC).date()
    return Organization(
        id=row.id,
        name=row.name,
        domains=row.domains,
        products=row.products,
        entitlement=Entitlement(row.level, row.until, expired) if row.level else None,
        registered_at=row.registered_at,
        retired=row.retired,
        version=row.version,
    )
