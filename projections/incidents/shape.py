"""What the unified incident database shows: incidents, as SURFACE states them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Who(msgspec.Struct, frozen=True):
    """Whose incident it is. `proven`: the address it came from was shown to be theirs."""

    id: UUID
    name: str
    proven: bool


class Clock(msgspec.Struct, frozen=True):
    """The target that runs out first: `kind` is "first_response" or "resolution". One that is over reads as late."""

    kind: str
    due_at: datetime


class Incident(msgspec.Struct, frozen=True):
    """One incident as lists show it; `channels` and `first_response_at` count what was merged into it.

    `snoozed` without `snoozed_until`: until the customer answers. `breached`: a target was missed. `clock`: None while
    none runs: there is no target, or it waits for the customer, or is done. The rule: clocks.py.
    """

    id: UUID
    number: int
    subject: str
    status: str
    priority: str
    channel: str
    channels: list[str]
    customer: Who
    assignee: str | None
    team: str | None
    tags: list[str]
    opened_at: datetime
    updated_at: datetime
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    merged_into: int | None
    version: int
    language: str = ""
    product: str = ""
    snoozed: bool = False
    snoozed_until: datetime | None = None
    first_response_due_at: datetime | None = None
    resolution_due_at: datetime | None = None
    breached: bool = False
    clock: Clock | None = None


class Suggestion(msgspec.Struct, frozen=True):
    """Another incident this one is probably part of."""

    number: int
    reason: str


class IncidentDetail(Incident, frozen=True):
    """An incident alone: also who takes part, and what to merge it with. `marked`: came by a token mailed to others."""

    participants: list[str] = []
    suggestions: list[Suggestion] = []
    marked: list[str] = []
    solution: str = ""
    cause: str = ""
