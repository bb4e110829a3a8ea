"""Reading the incident database: the list with its filters, one incident with who takes part and what resembles it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import LiteralString, Unpack
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.packed import Uuids
from projections.incidents import search
from projections.incidents.filters import Filters, narrowed
from projections.incidents.roots import roots
from projections.incidents.shape import Incident, IncidentDetail, Suggestion
from projections.incidents.shown import COLUMNS, Row, families, show
from projections.incidents.views import View
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from schemas.errors import NotFoundError
from schemas.interaction import Channel


class _After(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: behind this incident."""

    last_at: datetime
    number: int


class _Order(msgspec.Struct, frozen=True):
    """How a list is sorted: the condition of what comes behind a row, and the order."""

    behind: LiteralString
    columns: LiteralString
    of: Callable[[Row], datetime]


_LATEST = _Order(
    "(coalesce(family_updated_at, updated_at), number) < (%s, %s)",
    "coalesce(family_updated_at, updated_at) DESC, number DESC",
    lambda row: row.last_at,
)
_DUE = _Order("(due_at, number) > (%s, %s)", "due_at, number", lambda row: row.due_at or row.last_at)


def find(
    connection: Connection,
    *,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
    **filters: Unpack[Filters],
) -> Page[Incident]:
    """Incidents, newest updated first; those merged into others are read there. Filters: filters.py.

    The view of what breaches comes in the order in which it runs out. `q`: words that all stand in one interaction or
    note of the incident, or its `#number`.
    """
    if filters.get("channel") not in {None, *Channel}:  # there is an index a channel, and none for this
        return Page([])
    order = _DUE if filters.get("view") is View.BREACHING else _LATEST
    conditions, values = narrowed(connection, filters)
    alike = not values
    if cursor:
        after = read_cursor(cursor, _After)
        conditions.append(sql.SQL(order.behind))
        values += [after.last_at, after.number]
    rows = _listed(connection, conditions, values, q, bounded(limit) + 1, order, alike=alike)
    kept, following = page_of(rows, limit, lambda row: _After(order.of(row), row.number))
    return Page(show(connection, kept), following)


def existing(connection: Connection, number: int) -> IncidentDetail:
    """The same as `get`. Raises NotFoundError."""
    found = get(connection, number)
    if found is None:
        raise NotFoundError(f"no incident {number}")
    return found


def get(connection: Connection, number: int) -> IncidentDetail | None:
    """One incident; a merged one reads with `merged_into`, the number it is part of."""
    query = sql.SQL("SELECT {} FROM incidents WHERE number = %s").format(COLUMNS)
    with connection.cursor(row_factory=class_row(Row)) as reader:
        row = reader.execute(query, (number,)).fetchone()
    if row is None:
        return None
    (shown,) = show(connection, [row])
    members = [member.id for member in families(connection, [row])[row.id]]
    people: Sequence[tuple[str, bool]] = connection.execute(
        "SELECT text, bool_and(marked) FROM incident_participants WHERE incident = ANY(%s) AND text <> ''"
        " GROUP BY text ORDER BY min(position)",
        (members,),
    ).fetchall()
    alike: Sequence[tuple[UUID, str]] = connection.execute(
        "SELECT other, reason FROM incident_suggestions WHERE incident = ANY(%s) AND other <> ALL(%s)"
        " ORDER BY position",
        (members, members),
    ).fetchall()
    numbers = roots(connection, [other for other, _ in alike])
    suggested = {numbers[other]: reason for other, reason in alike if other in numbers}
    return IncidentDetail(
        **{field: getattr(shown, field) for field in Incident.__struct_fields__},
        participants=[text for text, _ in people],
        suggestions=[Suggestion(other, reason) for other, reason in suggested.items() if other != number],
        marked=[text for text, marked in people if marked],
        solution=row.solution,
        cause=row.cause,
    )


def _listed(
    connection: Connection,
    conditions: Sequence[sql.SQL],
    values: Sequence[object],
    q: str | None,
    limit: int,
    order: _Order,
    *,
    alike: bool,
) -> list[Row]:
    """`alike`: no filter's value makes one plan better than another."""
    where = sql.SQL(" AND ").join(conditions)
    columns, sorted_by = COLUMNS, sql.SQL(order.columns)
    with connection.cursor(row_factory=class_row(Row)) as reader:
        if not q:
            query = sql.SQL("SELECT {} FROM incidents WHERE {} ORDER BY {} LIMIT %s").format(columns, where, sorted_by)
            return reader.execute(query, (*values, limit)).fetchall()
        number = search.number_in(q)
        found = search.rare(connection, q)
        if found is not None:
            query = sql.SQL(
                "SELECT {} FROM incidents WHERE {} AND (number = %s OR id = ANY(%b)) ORDER BY {} LIMIT %s"
            ).format(columns, where, sorted_by)
            return reader.execute(
                query, (*values, number, Uuids([*found, *search.named(connection, number)]), limit)
            ).fetchall()
        # in the list's order until the page is full: common words cost a page, not their matches
        own = sql.SQL(search.SAID).format(number=sql.SQL("incidents.number"), id=sql.SQL("incidents.id"))
        parts = sql.SQL(search.SAID).format(number=sql.SQL("part.number"), id=sql.SQL("part.id"))
        query = sql.SQL(
            "{} SELECT {} FROM incidents WHERE {} AND (id = ANY(%s) OR {} OR family_status IS NOT NULL AND EXISTS ("
            "  WITH RECURSIVE part AS ("
            "   SELECT id, number FROM incidents AS merged WHERE merged.merged_into = incidents.id"
            "   UNION ALL SELECT i.id, i.number FROM part, LATERAL"
            "    (SELECT id, number FROM incidents AS merged WHERE merged.merged_into = part.id OFFSET 0) AS i"
            "  ) SELECT FROM part WHERE {}))"
            " ORDER BY {} LIMIT {}"
            # a parameter is taken for a tenth of all incidents: such a plan is never kept, but made anew each time
        ).format(sql.SQL(search.SOUGHT), columns, where, own, parts, sorted_by, limit if alike else sql.Placeholder())
        bound = [] if alike else [limit]
        return reader.execute(query, (q, *values, search.named(connection, number), *bound)).fetchall()
