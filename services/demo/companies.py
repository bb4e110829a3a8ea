"""The companies of the demo: what they have, until when they are helped, and which of their people are known.

About a third of the customers belongs to one (others have no mail address, or a private one); for some the screens
propose it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from eventstore.database import Connection
from schemas.address import email_address
from schemas.errors import RefusedError
from services.access.identity import Role
from services.commands import Commands
from services.customers.requests import SetOrganization
from services.demo.catalogue import COMPANIES, Catalogue, load, people
from services.organizations.requests import RegisterOrganization
from services.wiring import Hub

_UNKNOWN = 6
"""Of one person in so many nobody has said yet where they belong."""
_LEVELS = {"es": ("Oro", "Plata", "Básico"), "en": ("Gold", "Silver", "Basic")}
_DAYS_LEFT = (None, 210, -25, 40)
"""Of the entitlements, in turn: without end, long, over, soon over."""


async def furnish(hub: Hub, commands: Commands, seed: int, cases: int) -> None:
    """Once, after the history of this seed and so many cases."""
    catalogue = load()
    made = await _companies(commands, catalogue)
    reader = commands.rules.reader
    theirs = {
        reader.id_of(email_address(person.email)): made[person.organization]
        for number, person in enumerate(people(catalogue, seed, cases))
        if person.organization and (number + 1) % _UNKNOWN
    }
    for customer, organization in (await hub.database.run(_owners, theirs)).items():
        with contextlib.suppress(RefusedError):  # merged into another, or erased, in the history
            await commands.run(SetOrganization(customer=customer, organization=organization), by=Role.ADMIN)


async def _companies(commands: Commands, catalogue: Catalogue) -> dict[str, UUID]:
    products = sorted({problem.product for problem in catalogue.problem})
    made: dict[str, UUID] = {}
    for place, (name, domain, language) in enumerate(COMPANIES):
        asked = RegisterOrganization(
            name=name,
            domains=(domain,),
            products=tuple(products[place % len(products) :][:2]),
            level=_LEVELS[language][place % 3],
            until=_until(_DAYS_LEFT[place % len(_DAYS_LEFT)]),
        )
        key = f"demo company {domain}"
        made[name] = (await commands.run(asked, by=Role.ADMIN, idempotency_key=key)).subject
    return made


def _until(days: int | None) -> date | None:
    return None if days is None else datetime.now(UTC).date() + timedelta(days=days)


def _owners(connection: Connection, theirs: dict[UUID, UUID]) -> dict[UUID, UUID]:
    """Customer → organization, of those addresses that have written."""
    rows: Collection[tuple[UUID, UUID]] = connection.execute(
        "SELECT address, customer FROM address_owner WHERE address = ANY(%s)", (list(theirs),)
    ).fetchall()
    return {customer: theirs[address] for address, customer in rows}
