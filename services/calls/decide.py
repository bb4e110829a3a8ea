"""What happens to a call: said by an agent (strict) or signalled by a telephone system (in any order). Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.errors import ConflictError, InvalidError
from schemas.facts.call import (
    CallAnswered,
    CallAttached,
    CallEnded,
    CallHeld,
    CallNoted,
    CallOutcomeSet,
    CallRang,
    CallResumed,
    CallStarted,
)
from schemas.facts.incident import Words
from schemas.ids import signal_id
from schemas.interaction import CallSignal, CallSignalKind, Channel, Direction, Hints, Interaction, Party
from services.calls.requests import ChangeCall
from services.calls.state import Call, CallFact, evolve
from services.incidents.decide import stored, written


def begin(
    call: UUID,
    party: Party,
    address: UUID,
    *,
    direction: Direction,
    line: str,
    agent: str,
    at: datetime,
) -> CallStarted:
    """A call rings, or is made."""
    return CallStarted(
        call=call,
        interaction=interaction_of(call),
        line=line,
        direction=direction,
        address=address,
        agent=agent,
        at=at,
        personal=Words(text=party.address),
    )


def interaction_of(call: UUID) -> UUID:
    """The id of the interaction a call is: one for each call."""
    return signal_id(call, "interaction")


def contact(
    started: CallStarted,
    party: Party,
    *,
    received_at: datetime,
    by: str = "",
    incident: UUID | None = None,
    fresh: bool = False,
    subject: str = "",
) -> Interaction:
    """The call as an interaction, to be linked by correlation like any other."""
    return Interaction(
        id=started.interaction,
        channel=Channel.PHONE,
        sender=party,
        subject=subject,
        thread=started.interaction,
        contact=started.call,
        occurred_at=started.at,
        received_at=received_at,
        hints=Hints(call=started.call, incident=incident, fresh=fresh),
        by=by,
    )


def heard(call: Call | None, signal: CallSignal) -> list[CallFact]:
    """What a signal adds, once the call is known to have begun. Repeats and contradictions add nothing."""
    match signal.signal:
        case CallSignalKind.STARTED if signal.rings_at and (
            call is None or (call.answered_at is None and call.ended_at is None)
        ):
            return [CallRang(call=signal.call, users=signal.rings_at, at=signal.occurred_at)]
        case CallSignalKind.ANSWERED if call is None or call.answered_at is None:
            return [CallAnswered(call=signal.call, agent=signal.agent, at=signal.occurred_at)]
        case CallSignalKind.ENDED if call is None or call.ended_at is None:
            return [CallEnded(call=signal.call, outcome=signal.outcome, at=signal.occurred_at)]
        case _:
            return []


def change(call: Call, request: ChangeCall) -> list[CallFact]:
    """All that an agent says at once. Raises ConflictError, InvalidError; then nothing happens."""
    facts: list[CallFact] = []

    def happened(fact: CallFact) -> None:
        nonlocal call
        facts.append(fact)
        call = evolve(call, fact)

    if request.answered_at is not None:
        happened(answer(call, request.by, request.answered_at))
    if request.held is not None:
        happened(_hold(call, request) if request.held else _resume(call, request))
    if request.ended_at is not None:
        happened(_end(call, request.ended_at))
    if request.notes is not None:
        facts.append(
            CallNoted(
                call=call.id,
                address=call.address,
                by=request.by,
                at=request.now,
                personal=Words(text=stored(request.notes)),
            )
        )
    if request.outcome is not None:
        outcome = written(request.outcome, "outcome")
        facts.append(
            CallOutcomeSet(
                call=call.id, address=call.address, by=request.by, at=request.now, personal=Words(text=outcome)
            )
        )
    return facts


def attach(call: Call, incident: UUID, number: int, request: ChangeCall) -> list[CallFact]:
    """An agent says what it is about."""
    if call.incident == incident:
        return []
    return [CallAttached(call=call.id, incident=incident, number=number, by=request.by, at=request.now)]


def answer(call: Call, by: str, at: datetime) -> CallAnswered:
    """They talk. Raises ConflictError, InvalidError."""
    if call.answered_at is not None:
        raise ConflictError("the call is answered already", field="answered_at")
    if call.ended_at is not None:
        raise ConflictError("the call has ended", field="answered_at")
    if at < call.started_at:
        raise InvalidError("it had not started yet", field="answered_at")
    return CallAnswered(call=call.id, agent=by, at=at)


def _hold(call: Call, request: ChangeCall) -> CallHeld:
    if call.answered_at is None or call.ended_at is not None:
        raise ConflictError("nobody is talking", field="held")
    if call.held_at is not None:
        raise ConflictError("the call is on hold already", field="held")
    return CallHeld(call=call.id, by=request.by, at=request.now)


def _resume(call: Call, request: ChangeCall) -> CallResumed:
    if call.held_at is None:
        raise ConflictError("the call is not on hold", field="held")
    return CallResumed(call=call.id, by=request.by, at=max(request.now, call.held_at))


def _end(call: Call, at: datetime) -> CallEnded:
    if call.ended_at is not None:
        raise ConflictError("the call has ended already", field="ended_at")
    if at < max(moment for moment in (call.started_at, call.answered_at, call.held_at) if moment is not None):
        raise InvalidError("it had not come so far yet", field="ended_at")
    return CallEnded(call=call.id, at=at)
