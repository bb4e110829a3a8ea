"""new → open → waiting → resolved → closed → open again: what each fact does to an incident's status.

The one table of it: the decider, the projections and the reports all read it here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentNoted,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    InteractionLinked,
    Status,
)
from schemas.facts.kind import Fact
from schemas.facts.teamwork import ReplyWithdrawn
from schemas.facts.undone import IncidentRestored
from schemas.interaction import Direction

# Python 3.11 finds a member anew wherever one is named: a third of a microsecond, each time a status is asked for
_NEW, _OPEN, _WAITING, _RESOLVED, _CLOSED = Status
_OUT = Direction.OUT


def next_status(status: Status, fact: Fact) -> Status:  # noqa: PLR0911 -- a table, a row a return
    """The status after a fact; most facts leave it alone.

    A new incident opens when somebody takes or notes it; our answer makes it wait;
    a customer's words make a waiting one open. Automatic mail changes nothing.
    """
    match fact:
        case InteractionLinked():
            if fact.direction is _OUT:
                return status if status is _RESOLVED or status is _CLOSED else _WAITING
            return _OPEN if status is _WAITING and fact.automatic is None else status
        case IncidentAssigned(to=str()) | IncidentNoted() if status is _NEW:
            return _OPEN
        case IncidentResolved():
            return _RESOLVED
        case IncidentClosed():
            return _CLOSED
        case IncidentReopened():
            return _OPEN
        case ReplyWithdrawn():
            return fact.status
        case IncidentRestored():
            return fact.stood.status
        case _:
            return status


def speaks(fact: Fact) -> bool:
    """Is it the latest word on where the work stands: the customer's, ours, or an agent's decision?"""
    match fact:
        case InteractionLinked(automatic=None):
            return True
        case IncidentOpened() | IncidentResolved() | IncidentClosed() | IncidentReopened():
            return True
        case _:
            return False


def merged_status(members: Iterable[tuple[Status, datetime]]) -> Status:
    """The status of incidents read as one: each keeps its own, and the one spoken of last (`speaks`) counts.

    `members`: own status and time of the last fact that speaks, of each. Nothing of it is stored: un-merging
    leaves each with what it would have had alone.
    """
    known = list(members)
    status, _ = max(known, key=lambda member: member[1])
    if status is Status.NEW and any(other is not Status.NEW for other, _ in known):
        return Status.OPEN
    return status
