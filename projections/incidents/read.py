"""Reading the incident database: the list with its filters, one incident with who takes part and what resembles it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import LiteralString, Unpack
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.packed import Uuids
from projections import customers
from projections.incidents import clocks, search
from projections.incidents.filters import Filters, narrowed
from projections.incidents.shape import Clock, Incident, IncidentDetail, Suggestion, Who
from projections.incidents.tables import INCIDENTS_TABLE, IncidentRow
from projections.incidents.views import View
from projections.page import LIMIT, Page, bounded, page_of, read_cursor
from schemas.errors import NotFoundError
from schemas.facts.incident import Status
from schemas.interaction import Channel
from schemas.lifecycle import merged_status


class _After(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: behind this incident."""

    last_at: datetime
    number: int


class _Row(IncidentRow, frozen=True):
    family_status: str | None
    due_at: datetime | None
    last_at: datetime

    @property
    def is_alone(self) -> bool:
        """Nothing was merged into it: only what stands for itself can be known to be so."""
        return self.family_status is None and self.merged_into is None


_COLUMNS = sql.SQL("{}, family_status, due_at, coalesce(family_updated_at, updated_at) AS last_at").format(
    sql.SQL(", ").join(sql.Identifier(name) for name in INCIDENTS_TABLE.columns)
)


class _Order(msgspec.Struct, frozen=True):
    """How a list is sorted: the condition of what comes behind a row, and the order."""

    behind: LiteralString
    columns: LiteralString
    of: Callable[[_Row], datetime]


_LATEST = _Order(
    "(coalesce(family_updated_at, updated_at), number) < (%s, %s)",
    "coalesce(family_updated_at, updated_at) DESC, number DESC",
    lambda row: row.last_at,
)
_DUE = _Order("(due_at, number) > (%s, %s)", "due_at, number", lambda row: row.due_at or row.last_at)


class _Member(msgspec.Struct, frozen=True):
    """An incident as part of `root`, or alone: what its row says too."""

    root: UUID
    id: UUID
    status: str
    spoke_at: datetime
    updated_at: datetime
    channels: list[str]
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None


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
    return Page(_shown(connection, kept), following)


def existing(connection: Connection, number: int) -> IncidentDetail:
    """The same as `get`. Raises NotFoundError."""
    found = get(connection, number)
    if found is None:
        raise NotFoundError(f"no incident {number}")
    return found


def get(connection: Connection, number: int) -> IncidentDetail | None:
    """One incident; a merged one reads with `merged_into`, the number it is part of."""
    query = sql.SQL("SELECT {} FROM incidents WHERE number = %s").format(_COLUMNS)
    with connection.cursor(row_factory=class_row(_Row)) as reader:
        row = reader.execute(query, (number,)).fetchone()
    if row is None:
        return None
    (shown,) = _shown(connection, [row])
    members = [member.id for member in _families(connection, [row])[row.id]]
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


def _listed(
    connection: Connection,
    conditions: Sequence[sql.SQL],
    values: Sequence[object],
    q: str | None,
    limit: int,
    order: _Order,
    *,
    alike: bool,
) -> list[_Row]:
    """`alike`: no filter's value makes one plan better than another."""
    where = sql.SQL(" AND ").join(conditions)
    columns, sorted_by = _COLUMNS, sql.SQL(order.columns)
    with connection.cursor(row_factory=class_row(_Row)) as reader:
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


def _families(connection: Connection, rows: Sequence[_Row]) -> dict[UUID, list[_Member]]:
    """Each incident and all that is read as part of it, itself first."""
    found = {row.id: [_alone(row)] for row in rows if row.is_alone}
    others = [row.id for row in rows if not row.is_alone]
    if not others:
        return found
    with connection.cursor(row_factory=class_row(_Member)) as reader:
        members = reader.execute(
            "WITH RECURSIVE family AS ("
            "  SELECT id AS root, id, 0 AS depth FROM incidents WHERE id = ANY(%s)"
            # OFFSET 0 here and elsewhere: one look-up a row. The planner takes a recursion to yield a hundred times
            # what it does, and would rather read the whole table once
            "  UNION ALL SELECT family.root, i.id, depth + 1 FROM family, LATERAL"
            "   (SELECT id FROM incidents WHERE merged_into = family.id OFFSET 0) AS i"
            ") SELECT root, family.id, status, spoke_at, updated_at, channels, first_response_at, resolved_at,"
            " closed_at FROM family, LATERAL (SELECT number, status, spoke_at, updated_at, channels, first_response_at,"
            "  resolved_at, closed_at FROM incidents WHERE id = family.id OFFSET 0) AS i ORDER BY depth, number",
            (others,),
        ).fetchall()
    for member in members:
        found.setdefault(member.root, []).append(member)
    return found


def _alone(row: _Row) -> _Member:
    return _Member(
        row.id,
        row.id,
        row.status,
        row.spoke_at,
        row.updated_at,
        row.channels,
        row.first_response_at,
        row.resolved_at,
        row.closed_at,
    )


def _shown(connection: Connection, rows: Sequence[_Row]) -> list[Incident]:
    families = _families(connection, rows)
    people = customers.names(connection, {row.customer for row in rows})
    proven = customers.proven(connection, {row.address for row in rows})
    now = datetime.now(UTC)
    into = roots(connection, [row.merged_into for row in rows if row.merged_into])
    return [
        _incident(
            row,
            families[row.id],
            Who(*people.get(row.customer, (row.customer, "")), proven=row.proven or row.address in proven),
            into.get(row.merged_into) if row.merged_into else None,
            now,
        )
        for row in rows
    ]


def _incident(row: _Row, family: Sequence[_Member], customer: Who, merged_into: int | None, now: datetime) -> Incident:
    status = merged_status((Status(member.status), member.spoke_at) for member in family)
    answered_at = min((each.first_response_at for each in family if each.first_response_at), default=None)
    last = max(family, key=lambda member: member.spoke_at)
    channels = dict.fromkeys(channel for member in family for channel in member.channels)
    return Incident(
        id=row.id,
        number=row.number,
        subject=row.subject,
        status=status.value,
        priority=row.priority,
        channel=row.channel,
        channels=list(channels) or [row.channel],
        customer=customer,
        assignee=row.assignee,
        team=row.team,
        tags=row.tags,
        opened_at=row.opened_at,
        updated_at=max(member.updated_at for member in family),
        first_response_at=answered_at,
        resolved_at=last.resolved_at,
        closed_at=last.closed_at,
        merged_into=merged_into,
        version=row.version,
        language=row.language,
        product=row.product,
        snoozed=row.snoozed,
        snoozed_until=row.snoozed_until,
        first_response_due_at=row.first_response_due_at,
        resolution_due_at=row.resolution_due_at,
        breached=clocks.breached(
            now,
            first_response_due_at=row.first_response_due_at,
            first_response_at=answered_at,
            resolution_due_at=row.resolution_due_at,
            paused_at=row.paused_at or (None if status in clocks.RUNS else last.spoke_at),
        ),
        clock=_clock(row, answered_at) if status in clocks.RUNS else None,
    )


def _clock(row: _Row, answered_at: datetime | None) -> Clock | None:
    first = row.first_response_due_at if answered_at is None else None
    due = [
        (due_at, kind) for due_at, kind in ((first, "first_response"), (row.resolution_due_at, "resolution")) if due_at
    ]
    return Clock(min(due)[1], min(due)[0]) if due else None
