"""What a list of incidents can be narrowed to, as conditions of its statement. Used by read.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import LiteralString, TypedDict
from uuid import UUID

from psycopg import sql

from eventstore.database import Connection
from projections import customers, organizations
from projections.incidents.views import SOON, View


class Filters(TypedDict, total=False):
    """Each narrows the list; None does not. `view`: for `user`. `assignee`, `team` empty: nobody's, no team's.

    `open`: what is not solved yet, asleep or not.
    """

    view: View | None
    user: str
    status: str | None
    priority: str | None
    channel: str | None
    tag: str | None
    customer: UUID | None
    organization: UUID | None
    assignee: str | None
    team: str | None
    open: bool


_OPEN: LiteralString = "(stands IN ('new', 'open', 'waiting') OR stands = 'snoozed')"  # an index each
_THEIRS: LiteralString = "customer = ANY(%s)"

_VIEWS: Mapping[View, LiteralString] = {
    View.MINE: "stands IN ('new', 'open', 'waiting') AND assignee = %s",
    View.UNASSIGNED: "stands IN ('new', 'open', 'waiting') AND assignee IS NULL",
    View.WAITING: "stands = 'waiting'",
    View.BREACHING: "due_at < now() + %s",
    View.SNOOZED: "stands = 'snoozed'",
}

_EQUAL: tuple[tuple[str, LiteralString], ...] = (
    ("status", "coalesce(family_status, status) = %s"),
    ("priority", "priority = %s"),
    ("channel", "channels @> ARRAY[%s]"),
)

_FEW = 2000

_WHOSE: tuple[tuple[str, LiteralString, LiteralString], ...] = (
    ("assignee", "assignee = %s", "assignee IS NULL"),
    ("team", "team = %s", "team IS NULL"),
)


def narrowed(connection: Connection, filters: Filters) -> tuple[list[sql.SQL], list[object]]:
    """The conditions, all of which must hold, and their values in order."""
    conditions, values = [sql.SQL("merged_into IS NULL")], list[object]()
    view = filters.get("view")
    if view is not None and view in _VIEWS:
        conditions.append(sql.SQL(_VIEWS[view]))
        values += [filters.get("user", "")] if view is View.MINE else [SOON] if view is View.BREACHING else []
    for name, condition in _EQUAL:
        if (value := filters.get(name)) is not None:
            conditions.append(sql.SQL(condition))
            values.append(value)
    if (tag := filters.get("tag")) is not None:
        few = _few(connection, "tags @> ARRAY[%s]", tag)
        conditions.append(sql.SQL("tags @> ARRAY[%s]" if few is None else "id = ANY(%s)"))
        values.append(tag if few is None else few)
    for name, theirs, nobodys in _WHOSE:
        if (value := filters.get(name)) is not None:
            conditions.append(sql.SQL(theirs if value else nobodys))
            values += [value] if value else []
    if (customer := filters.get("customer")) is not None:
        members = customers.family(connection, customer)
        # the index has the incidents of one in the order of the list
        conditions.append(sql.SQL("customer = ANY(%s)" if len(members) > 1 else "customer = %s"))
        values.append(members if len(members) > 1 else customer)
    if filters.get("open"):
        conditions.append(sql.SQL(_OPEN))
    if (organization := filters.get("organization")) is not None:
        people = organizations.customers_of(connection, organization)
        few = _few(connection, f"{_OPEN} AND {_THEIRS}" if filters.get("open") else _THEIRS, people)
        conditions.append(sql.SQL(_THEIRS if few is None else "id = ANY(%s)"))
        values.append(people if few is None else few)
    return conditions, values


def _few(connection: Connection, condition: LiteralString, value: object) -> list[UUID] | None:
    """Those that meet a rare condition; None for a common one, which the newest incidents meet too.

    The planner has no figure for a tag or company that hardly anything has, and would walk the whole list for it.
    """
    connection.execute("SET LOCAL enable_seqscan = off")
    rows: Sequence[tuple[UUID]] = connection.execute(
        sql.SQL("SELECT id FROM incidents WHERE {} LIMIT %s").format(sql.SQL(condition)), (value, _FEW + 1)
    ).fetchall()
    connection.execute("SET LOCAL enable_seqscan = on")
    return [incident for (incident,) in rows] if len(rows) <= _FEW else None
