"""A call as its decider sees it. Kept in `call_state`."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from schemas.facts.call import (
    CallAnswered,
    CallAttached,
    CallEnded,
    CallHeld,
    CallIdentified,
    CallNoted,
    CallOutcomeSet,
    CallParted,
    CallRang,
    CallResumed,
    CallStarted,
)
from schemas.interaction import Direction

CallFact: TypeAlias = (
    CallStarted
    | CallRang
    | CallAnswered
    | CallHeld
    | CallResumed
    | CallEnded
    | CallNoted
    | CallOutcomeSet
    | CallAttached
    | CallIdentified
    | CallParted
)


class Twin(msgspec.Struct, frozen=True, array_like=True):
    """What else the call came as: logged by hand, or reported by `line`."""

    other: UUID
    line: str
    agent: str
    began_at: datetime


class Call(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Without words: those are sealed in the facts; `outcome` is no longer filled. `held_at`: on hold since."""

    id: UUID
    interaction: UUID
    direction: Direction
    address: UUID
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    incident: UUID | None = None
    held_at: datetime | None = None
    line: str = ""
    agent: str = ""
    twin: Twin | None = None


def started(fact: CallStarted) -> Call:
    """The state after the first fact."""
    return Call(
        id=fact.call,
        interaction=fact.interaction,
        direction=fact.direction,
        address=fact.address,
        started_at=fact.at,
        line=fact.line,
        agent=fact.agent,
    )


def evolve(call: Call, fact: CallFact) -> Call:  # noqa: PLR0911 -- a table, a row a fact
    """The state after one more fact."""
    match fact:
        case CallStarted():
            return started(fact)
        case CallAnswered():
            return replace(call, answered_at=fact.at, agent=fact.agent or call.agent)
        case CallHeld():
            return replace(call, held_at=fact.at)
        case CallResumed():
            return replace(call, held_at=None)
        case CallEnded():
            return replace(call, ended_at=fact.at, held_at=None)
        case CallRang() | CallNoted() | CallOutcomeSet():
            return call
        case CallIdentified():
            return replace(call, twin=Twin(fact.other, fact.line, fact.agent, fact.began_at))
        case CallParted():
            return replace(call, twin=None)
        case CallAttached():
            return replace(call, incident=fact.incident)
        case _:
            assert_never(fact)
