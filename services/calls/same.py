"""A call that an agent logs and a telephone system reports is one: found by number, agent and time. Pure.

Which comes first doesn't matter; the second is no call of its own, and whoever signals it later means the first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from schemas.facts.call import CallIdentified, SameCall
from schemas.ids import in_letters
from schemas.interaction import CallSignal, Direction
from services.calls.requests import StartCall
from services.calls.state import Call
from services.incidents.arrival import Key, Reader
from services.incidents.known import Known, Thread

WITHIN = timedelta(minutes=5)


def reported(call: Call, signal: CallSignal, now: datetime) -> CallIdentified | None:
    """Is this call, logged by hand, what a telephone system begins to tell of?"""
    over = call.ended_at is not None and call.ended_at < signal.occurred_at  # then they call again
    if call.line or over or signal.direction is not Direction.OUT:
        return None
    return _one(call, signal.call, signal.line, signal.agent, signal.occurred_at, now)


def logged(call: Call, other: UUID, request: StartCall, at: datetime) -> CallIdentified | None:
    """Is this call, reported by a telephone system, what an agent writes down?"""
    return _one(call, other, call.line, request.by, at, request.now) if call.line else None


def _one(call: Call, other: UUID, line: str, agent: str, at: datetime, now: datetime) -> CallIdentified | None:
    by_name = bool(call.agent and agent)
    if call.twin is not None or call.direction is not Direction.OUT or abs(at - call.started_at) > WITHIN:
        return None
    if by_name and call.agent.casefold() != agent.casefold():
        return None
    reason = SameCall.SAME_AGENT if by_name else SameCall.SAME_NUMBER
    return CallIdentified(call=call.id, other=other, line=line, agent=agent, reason=reason, began_at=at, at=now)


def keys(reader: Reader, call: UUID, address: UUID) -> tuple[Key, Key, Key]:
    """What leads to the call this one is, and to the last one of a number that was logged, and that was reported."""
    number = in_letters(address)
    names = (f"same:{in_letters(call)}", f"dialled:{number}", f"reported:{number}")
    same, by_hand, told = (reader.key_of(name) for name in names)
    return same, by_hand, told


def lead(known: Known, key: Key, call: UUID, incident: UUID | None) -> None:
    """From now on this key leads to this call."""
    known.threads[key] = Thread(call, incident)
    known.changes.threads.add(key)
