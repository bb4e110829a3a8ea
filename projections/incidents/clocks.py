"""The clocks of an incident: when its first answer and its solution are due, by the targets of its priority.

The rule: both run from the opening, day and night. The first answer's ends with the first words of a person of ours.
The solution's stands still while the incident waits for the customer, and while it is resolved or closed; snoozing
stops nothing. A new target, or another priority, counts at once for whatever is not solved yet. Of merged incidents
the clock of the one they are read as counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString, TypedDict

from projections.incidents.tables import IncidentRow, TargetRow
from schemas.facts.incident import Status

RUNS = (Status.NEW, Status.OPEN)


class Due(TypedDict):
    """Columns that follow from the opening and the targets."""

    first_response_due_at: datetime | None
    resolution_due_at: datetime | None


class Turned(TypedDict, total=False):
    """Columns that follow from a change of status."""

    paused_at: datetime | None
    paused_seconds: float
    resumed_at: datetime | None
    resolution_due_at: datetime | None


def due(row: IncidentRow, target: TargetRow) -> Due:
    """When both are due; an answer that was given is judged by what counted then."""
    first = target.first_response_seconds
    if row.first_response_at is not None:
        first_due = row.first_response_due_at
    else:
        first_due = None if first is None else row.opened_at + timedelta(seconds=first)
    resolution = target.resolution_seconds
    allowed = None if resolution is None else timedelta(seconds=resolution + row.paused_seconds)
    return {
        "first_response_due_at": first_due,
        "resolution_due_at": None if allowed is None else row.opened_at + allowed,
    }


def turned(row: IncidentRow, status: Status, at: datetime) -> Turned:
    """Stop the clock of the solution, or let it go on where it stood."""
    if status not in RUNS:
        return {} if row.paused_at is not None else {"paused_at": at}
    if row.paused_at is None:
        return {}
    seconds = max(0.0, (at - row.paused_at).total_seconds())
    due_at = row.resolution_due_at
    return {
        "paused_at": None,
        "paused_seconds": row.paused_seconds + seconds,
        "resumed_at": max(at, row.paused_at),
        "resolution_due_at": None if due_at is None else due_at + timedelta(seconds=seconds),
    }


def turned_back(row: IncidentRow, status: Status) -> Turned:
    """As if it had never been stopped; or as if it had stood all the time: what it went since counts no more."""
    if status in RUNS:
        return {"paused_at": None}
    return {"paused_at": row.paused_at or row.resumed_at}


def breached(
    now: datetime,
    *,
    first_response_due_at: datetime | None,
    first_response_at: datetime | None,
    resolution_due_at: datetime | None,
    paused_at: datetime | None,
) -> bool:
    """Is, or was, one of them late?"""
    first = first_response_due_at is not None and (first_response_at or now) > first_response_due_at
    return first or (resolution_due_at is not None and (paused_at or now) > resolution_due_at)


# as `due`, for all that a new target concerns
SET_AGAIN: LiteralString = """
    UPDATE incidents SET
        first_response_due_at = CASE WHEN first_response_at IS NULL
            THEN opened_at + make_interval(secs => %(first_response_seconds)s) ELSE first_response_due_at END,
        resolution_due_at = opened_at + make_interval(secs => %(resolution_seconds)s + paused_seconds)
    WHERE priority = %(priority)s AND status IN ('new', 'open', 'waiting')
"""
