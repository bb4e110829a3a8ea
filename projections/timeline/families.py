"""Merges, looked up at read: which incidents are read as one, which are a customer's, under which number."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from eventstore.database import Connection


def incidents_of(connection: Connection, customer: UUID) -> dict[UUID, int]:
    """All incidents of a customer, and of those merged with that customer: id → the number it is read under."""
    rows = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT customer, merged_into FROM timeline_customers WHERE customer = %s"
        "  UNION SELECT t.customer, t.merged_into FROM up, LATERAL"
        "   (SELECT customer, merged_into FROM timeline_customers WHERE customer = up.merged_into OFFSET 0) AS t"
        "), family AS ("
        "  SELECT customer FROM up WHERE merged_into IS NULL"
        "  UNION SELECT t.customer FROM family, LATERAL"
        "   (SELECT customer FROM timeline_customers WHERE merged_into = family.customer OFFSET 0) AS t"
        ") SELECT t.incident FROM family, LATERAL"
        " (SELECT incident FROM timeline_incidents WHERE customer = family.customer OFFSET 0) AS t",
        (customer,),
    ).fetchall()
    return numbers_of(connection, [incident for (incident,) in rows])


def family(connection: Connection, number: int) -> dict[UUID, int]:
    """All that are read as one with an incident: id → the number of the whole."""
    family: Sequence[tuple[UUID, int]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT incident, number, merged_into FROM timeline_incidents WHERE number = %s"
        "  UNION SELECT t.incident, t.number, t.merged_into FROM up, LATERAL"
        "   (SELECT incident, number, merged_into FROM timeline_incidents"
        "    WHERE incident = up.merged_into OFFSET 0) AS t"
        "), family AS ("
        "  SELECT incident, number FROM up WHERE merged_into IS NULL"
        "  UNION SELECT t.incident, family.number FROM family, LATERAL"
        "   (SELECT incident FROM timeline_incidents WHERE merged_into = family.incident OFFSET 0) AS t"
        ") SELECT incident, number FROM family",
        (number,),
    ).fetchall()
    return dict(family)


def numbers_of(connection: Connection, incidents: Sequence[UUID] | set[UUID]) -> dict[UUID, int]:
    """The numbers under which incidents are read now: through merges, that of the last."""
    rows: Sequence[tuple[UUID, int]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT incident, number, merged_into, incident AS asked FROM timeline_incidents WHERE incident = ANY(%s)"
        "  UNION SELECT t.incident, t.number, t.merged_into, up.asked FROM up, LATERAL"
        "   (SELECT incident, number, merged_into FROM timeline_incidents"
        "    WHERE incident = up.merged_into OFFSET 0) AS t"
        ") SELECT asked, number FROM up WHERE merged_into IS NULL",
        (list(incidents),),
    ).fetchall()
    return dict(rows)
