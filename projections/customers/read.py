"""Reading customers by name, address or number, each with all that was merged into it. The incident list asks too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, LiteralString
from uuid import UUID

from msgspec.structs import replace

from eventstore.database import Connection
from projections import mutes, organizations
from projections.customers.fold import CUSTOMERS_TABLE
from projections.customers.shape import Address, Counts, Customer, Part
from projections.likeness import likeness
from projections.newest import Condition, newest
from projections.page import LIMIT, Page

PHONE_DIGITS_MIN = 5
_FEW = 1_000
_ALIKE: LiteralString = (  # a customer with all that was merged into it
    "EXISTS (WITH RECURSIVE sought AS (SELECT %s::text[] AS likeness), part AS ("
    "  SELECT customers.id, customers.name UNION ALL SELECT c.id, c.name FROM part, LATERAL"
    "   (SELECT id, name FROM customers AS merged WHERE merged.merged_into = part.id OFFSET 0) AS c"
    ") SELECT FROM sought, part WHERE part.name ILIKE ANY(likeness) OR EXISTS ("
    "  SELECT FROM customer_addresses a WHERE a.customer = part.id"
    "  AND (a.text ILIKE ANY(likeness) OR a.name ILIKE ANY(likeness))))"
)


def find(
    connection: Connection, *, q: str | None = None, cursor: str | None = None, limit: int = LIMIT
) -> Page[Customer]:
    """Customers, newest first; `q`: part of a name or an address."""
    conditions: list[Condition] = []
    if q:
        like = likeness(q)
        found = _few(connection, like)
        conditions = [(_ALIKE, like) if found is None else ("id = ANY(%s)", found)]
    kept, following = newest(
        connection,
        CUSTOMERS_TABLE,
        lambda row: row.position,
        conditions,
        among="merged_into IS NULL",
        cursor=cursor,
        limit=limit,
    )
    return Page(_shown(connection, [row.id for row in kept]), following)


def get(connection: Connection, customer: UUID) -> Customer | None:
    """One customer with what was merged into it; a merged one reads with `merged_into` and that one's data."""
    members = family(connection, customer)
    if not members:
        return None
    (shown,) = _shown(connection, members[:1])
    return shown if shown.id == customer else replace(shown, id=customer, merged_into=shown.id)


def several(connection: Connection, customers: Sequence[UUID]) -> list[Customer]:
    """These customers, in this order. None of them is merged into another."""
    return _shown(connection, customers)


def family(connection: Connection, customer: UUID) -> list[UUID]:
    """All ids under which a customer is known, that of the whole first; empty for a stranger."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT id, merged_into FROM customers WHERE id = %s"
        "  UNION SELECT c.id, c.merged_into FROM up, LATERAL"
        "   (SELECT id, merged_into FROM customers WHERE id = up.merged_into OFFSET 0) AS c"
        "), family AS ("
        "  SELECT id, 0 AS depth FROM up WHERE merged_into IS NULL"
        "  UNION ALL SELECT c.id, family.depth + 1 FROM family, LATERAL"
        "   (SELECT id FROM customers WHERE merged_into = family.id OFFSET 0) AS c"
        ") SELECT id FROM family ORDER BY depth, id",
        (customer,),
    ).fetchall()
    return [member for (member,) in rows]


def parts_of(connection: Connection, merged: Sequence[UUID]) -> list[Part]:
    """Merged customers by themselves, to be told apart again."""
    rows: Sequence[tuple[UUID, str, list[str], UUID]] = connection.execute(
        "SELECT c.id, coalesce(nullif(c.name, ''), min(a.name), ''),"
        "  coalesce(array_agg(a.text ORDER BY a.position) FILTER (WHERE a.text <> ''), '{}'), c.merged_into"
        " FROM customers c LEFT JOIN customer_addresses a ON a.customer = c.id"
        " WHERE c.id = ANY(%s) AND c.merged_into IS NOT NULL GROUP BY c.id ORDER BY c.position",
        (list(merged),),
    ).fetchall()
    return [Part(*row) for row in rows]


def names(connection: Connection, customers: Collection[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """For each customer the id and name under which it is read now."""
    rows: Sequence[tuple[UUID, UUID, str]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT id AS asked, id, name, merged_into FROM customers WHERE id = ANY(%s)"
        "  UNION SELECT up.asked, c.id, c.name, c.merged_into FROM up, LATERAL"
        "   (SELECT id, name, merged_into FROM customers WHERE id = up.merged_into OFFSET 0) AS c"
        ") SELECT asked, id, coalesce(nullif(name, ''), (SELECT a.name FROM customer_addresses a"
        "  WHERE a.customer = id AND a.name <> '' ORDER BY a.position LIMIT 1), '')"
        " FROM up WHERE merged_into IS NULL",
        (list(customers),),
    ).fetchall()
    return {asked: (now, name) for asked, now, name in rows}


def of_addresses(connection: Connection, addresses: Collection[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """For each address that is somebody's the id and name under which they are read: proof before claims."""
    rows: Sequence[tuple[UUID, UUID]] = connection.execute(
        "SELECT DISTINCT ON (address) address, customer FROM customer_addresses WHERE address = ANY(%s)"
        " ORDER BY address, proven DESC, position",
        (list(addresses),),
    ).fetchall()
    called = names(connection, {customer for _, customer in rows})
    return {address: called[customer] for address, customer in rows if customer in called}


def by_phone(connection: Connection, phone: str, *, limit: int = 5) -> list[Customer]:
    """Whose number ends so, however it was written: with +, 00, a trunk's 0, spaces. Too few digits find nobody."""
    digits = "".join(character for character in phone if character.isdecimal()).lstrip("0")
    if len(digits) < PHONE_DIGITS_MIN:
        return []
    rows: Sequence[tuple[UUID]] = connection.execute(
        "WITH RECURSIVE up AS ("
        "  SELECT c.id, c.merged_into, a.proven, a.position FROM customer_addresses a"
        "  JOIN customers c ON c.id = a.customer WHERE a.text LIKE %s"
        "  UNION SELECT c.id, c.merged_into, up.proven, up.position FROM up, LATERAL"
        "   (SELECT id, merged_into FROM customers WHERE id = up.merged_into OFFSET 0) AS c"
        ") SELECT id FROM up WHERE merged_into IS NULL GROUP BY id ORDER BY bool_or(proven) DESC, max(position) DESC"
        " LIMIT %s",
        (f"phone:+%{digits}", limit),
    ).fetchall()
    return _shown(connection, [customer for (customer,) in rows])


def proven(connection: Connection, addresses: Collection[UUID]) -> set[UUID]:
    """Those of the addresses that were shown to be their customer's."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT address FROM customer_addresses WHERE address = ANY(%s) AND proven", (list(addresses),)
    ).fetchall()
    return {address for (address,) in rows}


def _few(connection: Connection, like: list[str]) -> list[UUID] | None:
    """What the matching customers are read as; None where so many match that the newest are found sooner."""
    expected = connection.execute(
        "EXPLAIN (FORMAT json) SELECT FROM customers WHERE name ILIKE ANY(%(like)s)"
        " UNION ALL SELECT FROM customer_addresses WHERE text ILIKE ANY(%(like)s)",
        {"like": like},
    ).fetchone()
    if expected and expected[0][0]["Plan"]["Plan Rows"] > _FEW:
        return None
    rows: Sequence[tuple[UUID]] = connection.execute(
        "(SELECT id FROM customers WHERE name ILIKE ANY(%(like)s) LIMIT %(limit)s)"
        " UNION ALL (SELECT customer FROM customer_addresses WHERE text ILIKE ANY(%(like)s) LIMIT %(limit)s)"
        " UNION ALL (SELECT customer FROM customer_addresses WHERE name ILIKE ANY(%(like)s) LIMIT %(limit)s)"
        " LIMIT %(limit)s",
        {"like": like, "limit": _FEW + 1},
    ).fetchall()
    if len(rows) > _FEW:
        return None
    roots: Sequence[tuple[UUID]] = connection.execute(
        "WITH RECURSIVE up AS (SELECT id, merged_into FROM customers WHERE id = ANY(%s)"
        "  UNION SELECT c.id, c.merged_into FROM up, LATERAL"
        "   (SELECT id, merged_into FROM customers WHERE id = up.merged_into OFFSET 0) AS c"
        ") SELECT id FROM up WHERE merged_into IS NULL",
        ([customer for (customer,) in rows],),
    ).fetchall()
    return [customer for (customer,) in roots]


def _shown(connection: Connection, customers: Sequence[UUID]) -> list[Customer]:
    called = names(connection, customers)
    belong = organizations.of(connection, customers)
    rows: Sequence[tuple[UUID, str, list[tuple[str, bool, dict[str, Any] | None]], int, int]] = connection.execute(
        "SELECT root.id, root.language, whole.addresses, whole.still_open, whole.total FROM customers root, LATERAL ("
        " WITH RECURSIVE family AS ("
        "  SELECT root.id UNION ALL SELECT c.id FROM family, LATERAL"
        "   (SELECT id FROM customers WHERE merged_into = family.id OFFSET 0) AS c"
        " ) SELECT (SELECT coalesce(jsonb_agg(jsonb_build_array(text, proven, to_jsonb(m)) ORDER BY position), '[]')"
        "   FROM"
        "   (SELECT text, bool_or(proven) AS proven, min(position) AS position,"
        "     min(address::text)::uuid AS address"
        "    FROM family f, LATERAL"
        "    (SELECT text, proven, position, address FROM customer_addresses WHERE customer = f.id OFFSET 0) AS a"
        "    WHERE text <> '' GROUP BY text) AS a LEFT JOIN mutes m USING (address)) AS addresses,"
        "  count(*) FILTER (WHERE i.status NOT IN ('resolved', 'closed')) AS still_open, count(i.status) AS total"
        "  FROM family f LEFT JOIN LATERAL (SELECT status FROM incidents"
        "   WHERE customer = f.id AND merged_into IS NULL OFFSET 0) AS i ON true"
        " ) AS whole WHERE root.id = ANY(%s)",
        (list(customers),),
    ).fetchall()
    found = {
        customer: Customer(
            id=customer,
            name=called[customer][1],
            language=language,
            organization=belong.get(customer),
            addresses=[Address(text, proven, mutes.shown(mute)) for text, proven, mute in addresses],
            incidents=Counts(open=still_open, total=total),
        )
        for customer, language, addresses, still_open, total in rows
    }
    return [found[customer] for customer in customers]
