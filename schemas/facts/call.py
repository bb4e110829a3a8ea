"""Facts of a telephone call (call tracking)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.incident import Words
from schemas.facts.kind import Fact, fact
from schemas.interaction import Direction


@fact("call.started.v1")
class CallStarted(Fact, frozen=True, kw_only=True):
    """It rings. `address` is the other side's number; `personal.text` the number as written, or empty."""

    call: UUID
    interaction: UUID
    line: str = ""
    direction: Direction
    address: UUID
    agent: str = ""
    at: datetime
    personal: Words | None = None


@fact("call.answered.v1")
class CallAnswered(Fact, frozen=True, kw_only=True):
    """Somebody talks."""

    call: UUID
    agent: str = ""
    at: datetime


@fact("call.rang.v1")
class CallRang(Fact, frozen=True, kw_only=True):
    """An incoming call rings at these users; without this fact it rings at everybody."""

    call: UUID
    users: tuple[str, ...]
    at: datetime


@fact("call.held.v1")
class CallHeld(Fact, frozen=True, kw_only=True):
    """The other side waits: time that isn't talk."""

    call: UUID
    by: str
    at: datetime


@fact("call.resumed.v1")
class CallResumed(Fact, frozen=True, kw_only=True):
    """They talk again."""

    call: UUID
    by: str
    at: datetime


@fact("call.ended.v1")
class CallEnded(Fact, frozen=True, kw_only=True):
    """Hung up, or never answered. `outcome` is the telephone system's cause, a word of its own."""

    call: UUID
    outcome: str = ""
    at: datetime


@fact("call.noted.v1")
class CallNoted(Fact, frozen=True, kw_only=True):
    """The agent's notes as they stand now (they replace earlier ones)."""

    call: UUID
    address: UUID
    by: str
    at: datetime
    personal: Words | None = None


@fact("call.outcome_set.v2")
class CallOutcomeSet(Fact, frozen=True, kw_only=True):
    """The agent says what came of it. `address` is None in what was recorded as v1, where the word was in the clear."""

    call: UUID
    address: UUID | None = None
    by: str
    at: datetime
    personal: Words | None = None


@fact("call.attached.v1")
class CallAttached(Fact, frozen=True, kw_only=True):
    """The call belongs to this incident: by correlation, or by an agent's word."""

    call: UUID
    incident: UUID
    number: int
    by: str = ""
    at: datetime


class SameCall(StrEnum):
    """Why what an agent logged and what a telephone system reports is one call; its number and time are the same."""

    SAME_AGENT = "same_agent"
    SAME_NUMBER = "same_number"  # the telephone system doesn't say who calls


@fact("call.identified.v1")
class CallIdentified(Fact, frozen=True, kw_only=True):
    """Logged by hand and reported by `line`: one call. `other`: the id it came under the second time, at `began_at`."""

    call: UUID
    other: UUID
    line: str
    agent: str = ""
    reason: SameCall
    began_at: datetime
    at: datetime


@fact("call.parted.v1")
class CallParted(Fact, frozen=True, kw_only=True):
    """They are two calls after all: `other` begins a stream of its own."""

    call: UUID
    other: UUID
    by: str
    at: datetime
