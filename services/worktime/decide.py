"""A user's stopwatch: one at a time, and none that runs over night. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from schemas.errors import ConflictError, InvalidError
from schemas.facts.incident import WorkStarted, WorkStopped
from services.worktime.requests import StartWork, StopWork

LONGEST = timedelta(hours=4)
"""Longer at a stretch is taken for forgotten: that much counts, and the run is marked."""


class Running(msgspec.Struct, frozen=True):
    """A row of `stopwatches`."""

    incident: UUID
    span: UUID
    started_at: datetime


def start(running: Running | None, incident: UUID, request: StartWork) -> list[WorkStarted | WorkStopped]:
    """It runs for this incident; what ran for another is stopped. It runs for it already: nothing."""
    if running is not None and running.incident == incident:
        return []
    begun = WorkStarted(incident=incident, span=request.id, by=request.by, at=request.now)
    return [begun] if running is None else [_stopped(running, request.by, request.now, None), begun]


def stop(running: Running | None, request: StopWork) -> list[WorkStarted | WorkStopped]:
    """It stands still. Raises ConflictError when it does already, InvalidError for more time than has gone by."""
    if running is None:
        raise ConflictError("no stopwatch of yours is running")
    if request.seconds is not None and not 0 <= request.seconds <= _elapsed(running, request.now):
        raise InvalidError("between nothing and the time it ran", field="seconds")
    return [_stopped(running, request.by, request.now, request.seconds)]


def _stopped(running: Running, by: str, now: datetime, said: float | None) -> WorkStopped:
    elapsed = _elapsed(running, now)
    forgotten = said is None and elapsed > LONGEST.total_seconds()
    return WorkStopped(
        incident=running.incident,
        span=running.span,
        seconds=said if said is not None else min(elapsed, LONGEST.total_seconds()),
        forgotten=forgotten,
        by=by,
        at=now,
    )


def _elapsed(running: Running, now: datetime) -> float:
    return max(0.0, (now - running.started_at).total_seconds())
