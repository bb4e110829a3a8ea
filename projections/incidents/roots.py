"""What is known of incidents by id or number, through merges: their number now, their status, who seals them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from eventstore.database import Connection


def sealed_by(connection: Connection, number: int) -> tuple[UUID, UUID] | None:
    """The id under which an incident is read now, and the address whose key seals what is written about it."""
    found = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT id, address, merged_into FROM incidents WHERE number = %s"
        "  UNION SELECT i.id, i.address, i.merged_into FROM up, LATERAL"
        "   (SELECT id, address, merged_into FROM incidents WHERE id = up.merged_into OFFSET 0) AS i"
        ") SELECT id, address FROM up WHERE merged_into IS NULL",
        (number,),
    ).fetchone()
    return (found[0], found[1]) if found else None


def number_of(connection: Connection, incident: UUID) -> int | None:
    """The number under which an incident is read now."""
    return roots(connection, [incident]).get(incident)


def roots(connection: Connection, incidents: Sequence[UUID]) -> dict[UUID, int]:
    """The numbers under which incidents are read now: through merges, that of the last."""
    rows: Sequence[tuple[UUID, int]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT id, number, merged_into, id AS asked FROM incidents WHERE id = ANY(%s)"
        "  UNION SELECT i.id, i.number, i.merged_into, up.asked FROM up, LATERAL"
        "   (SELECT id, number, merged_into FROM incidents WHERE id = up.merged_into OFFSET 0) AS i"
        ") SELECT asked, number FROM up WHERE merged_into IS NULL",
        (list(incidents),),
    ).fetchall()
    return dict(rows)


def statuses(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Where each stands, by number, with all that was merged into it."""
    rows: Sequence[tuple[int, str]] = connection.execute(
        "SELECT number, coalesce(family_status, status) FROM incidents WHERE number = ANY(%s)", (list(numbers),)
    ).fetchall()
    return dict(rows)


def places(connection: Connection, interactions: Sequence[UUID]) -> dict[UUID, UUID]:
    """The incident that each interaction is in now."""
    rows: Sequence[tuple[UUID, UUID]] = connection.execute(
        "SELECT interaction, incident FROM incident_links WHERE interaction = ANY(%s)", (list(interactions),)
    ).fetchall()
    return dict(rows)
