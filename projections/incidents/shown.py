"""How incidents are shown: each row with all that is read as part of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from psycopg import sql
from psycopg.rows import class_row

from eventstore.database import Connection
from projections import customers
from projections.incidents import clocks
from projections.incidents.roots import roots
from projections.incidents.shape import Clock, Incident, Who
from projections.incidents.tables import INCIDENTS_TABLE, IncidentRow
from schemas.facts.incident import Status
from schemas.lifecycle import merged_status


class Row(IncidentRow, frozen=True):
    """As COLUMNS reads it."""

    family_status: str | None
    due_at: datetime | None
    last_at: datetime

    @property
    def is_alone(self) -> bool:
        """Nothing was merged into it: only what stands for itself can be known to be so."""
        return self.family_status is None and self.merged_into is None


COLUMNS = sql.SQL("{}, family_status, due_at, coalesce(family_updated_at, updated_at) AS last_at").format(
    sql.SQL(", ").join(sql.Identifier(name) for name in INCIDENTS_TABLE.columns)
)


class Member(msgspec.Struct, frozen=True):
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


def families(connection: Connection, rows: Sequence[Row]) -> dict[UUID, list[Member]]:
    """Each incident and all that is read as part of it, itself first."""
    found = {row.id: [_alone(row)] for row in rows if row.is_alone}
    others = [row.id for row in rows if not row.is_alone]
    if not others:
        return found
    with connection.cursor(row_factory=class_row(Member)) as reader:
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


def _alone(row: Row) -> Member:
    return Member(
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


def show(connection: Connection, rows: Sequence[Row]) -> list[Incident]:
    """The incidents of these rows, in their order."""
    whole = families(connection, rows)
    people = customers.names(connection, {row.customer for row in rows})
    proven = customers.proven(connection, {row.address for row in rows})
    now = datetime.now(UTC)
    into = roots(connection, [row.merged_into for row in rows if row.merged_into])
    return [
        _incident(
            row,
            whole[row.id],
            Who(*people.get(row.customer, (row.customer, "")), proven=row.proven or row.address in proven),
            into.get(row.merged_into) if row.merged_into else None,
            now,
        )
        for row in rows
    ]


def _incident(row: Row, family: Sequence[Member], customer: Who, merged_into: int | None, now: datetime) -> Incident:
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


def _clock(row: Row, answered_at: datetime | None) -> Clock | None:
    first = row.first_response_due_at if answered_at is None else None
    due = [
        (due_at, kind) for due_at, kind in ((first, "first_response"), (row.resolution_due_at, "resolution")) if due_at
    ]
    return Clock(min(due)[1], min(due)[0]) if due else None
