"""Service targets: how soon incidents of a priority shall be answered and solved. Decider and handler.

What a target means for a clock stands in projections/incidents/clocks.py.
"""

from __future__ import annotations

from eventstore.ledger import Cause
from schemas.errors import InvalidError
from schemas.facts.incident import Priority
from schemas.facts.target import TargetSet, target_id
from services.desk import Desk, Done
from services.request import Request

SECONDS_MIN = 60
SECONDS_MAX = 366 * 24 * 3600


class SetTarget(Request, frozen=True, kw_only=True):
    """From now on; None: no such target."""

    priority: Priority
    first_response_seconds: int | None
    resolution_seconds: int | None


def decide(current: TargetSet | None, request: SetTarget) -> list[TargetSet]:
    """Nothing where it is so already. Raises InvalidError."""
    first, resolution = request.first_response_seconds, request.resolution_seconds
    for name, seconds in (("first_response_seconds", first), ("resolution_seconds", resolution)):
        if seconds is not None and not SECONDS_MIN <= seconds <= SECONDS_MAX:
            raise InvalidError("between a minute and a year, or none", field=name)
    if first is not None and resolution is not None and first > resolution:
        raise InvalidError("it can't be solved before it is answered", field="resolution_seconds")
    was = (None, None) if current is None else (current.first_response_seconds, current.resolution_seconds)
    if was == (first, resolution):
        return []
    return [
        TargetSet(
            target=target_id(request.priority),
            priority=request.priority,
            first_response_seconds=first,
            resolution_seconds=resolution,
            by=request.by,
            at=request.now,
        )
    ]


def handle(desk: Desk, request: SetTarget) -> Done:
    """Decide on what was set last. Raises InvalidError."""
    target = target_id(request.priority)
    desk.known.record(decide(desk.last(TargetSet, target), request), Cause(request.id))
    return Done(subject=target)
