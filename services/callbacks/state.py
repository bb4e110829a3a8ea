"""A call-me-back as its decider sees it. Kept in `callback_state`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from schemas.facts.callback import (
    CallbackCancelled,
    CallbackDone,
    CallbackReleased,
    CallbackRequested,
    CallbackRescheduled,
    CallbackTaken,
)

CallbackFact: TypeAlias = (
    CallbackRequested | CallbackRescheduled | CallbackTaken | CallbackReleased | CallbackDone | CallbackCancelled
)


class Standing(StrEnum):
    """Where a call-me-back stands."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    CANCELLED = "cancelled"


class Callback(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """`by`: who has taken it; `call`: the last one made for it."""

    id: UUID
    incident: UUID
    address: UUID
    since: datetime
    until: datetime
    standing: Standing = Standing.OPEN
    by: str = ""
    call: UUID | None = None

    @property
    def is_over(self) -> bool:
        """Nothing is left to do."""
        return self.standing in {Standing.DONE, Standing.CANCELLED}


def requested(fact: CallbackRequested) -> Callback:
    """The state after the first fact."""
    return Callback(id=fact.callback, incident=fact.incident, address=fact.address, since=fact.since, until=fact.until)


def evolve(callback: Callback, fact: CallbackFact) -> Callback:
    """The state after one more fact."""
    match fact:
        case CallbackRequested():
            return requested(fact)
        case CallbackRescheduled():
            return replace(callback, since=fact.since, until=fact.until)
        case CallbackTaken():
            return replace(callback, standing=Standing.TAKEN, by=fact.by, call=fact.call or callback.call)
        case CallbackReleased():
            return replace(callback, standing=Standing.OPEN, by="", call=None)
        case CallbackDone():
            return replace(callback, standing=Standing.DONE, call=fact.call or callback.call)
        case CallbackCancelled():
            return replace(callback, standing=Standing.CANCELLED)
        case _:
            assert_never(fact)
