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


class Incident(msgspec.Struct, frozen=True):
    """One incident as lists show it; `channels` and `first_response_at` count what was merged into it."""

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
