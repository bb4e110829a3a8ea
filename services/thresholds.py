"""Thresholds: the critical values of the knowledge figures, set by those who read them. Decider and handler.

What each means stands in projections/knowledge_usage/alarms.py.
"""

from __future__ import annotations

from eventstore.ledger import Cause
from projections.knowledge_usage import PRESETS
from schemas.errors import InvalidError
from schemas.facts.threshold import ThresholdSet, threshold_id
from services.desk import Desk, Done
from services.request import Request

VALUE_MAX = 1000
_PERCENT_MAX = 100
_OF_A_WHOLE = frozenset({"contact_percent", "self_service_percent"})


class SetThreshold(Request, frozen=True, kw_only=True):
    """From now on."""

    name: str
    value: int


def decide(current: ThresholdSet | None, request: SetThreshold) -> list[ThresholdSet]:
    """Nothing where it is so already. Raises InvalidError."""
    if request.name not in PRESETS:
        raise InvalidError(f"one of {', '.join(PRESETS)}", field="name")
    most = _PERCENT_MAX if request.name in _OF_A_WHOLE else VALUE_MAX
    if not 1 <= request.value <= most:
        raise InvalidError(f"between 1 and {most}", field=request.name)
    if request.value == (PRESETS[request.name] if current is None else current.value):
        return []
    return [
        ThresholdSet(
            threshold=threshold_id(request.name),
            name=request.name,
            value=request.value,
            by=request.by,
            at=request.now,
        )
    ]


def handle(desk: Desk, request: SetThreshold) -> Done:
    """Decide on what was set last. Raises InvalidError."""
    threshold = threshold_id(request.name)
    desk.known.record(decide(desk.last(ThresholdSet, threshold), request), Cause(request.id))
    return Done(subject=threshold)
