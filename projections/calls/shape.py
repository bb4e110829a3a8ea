"""A call as SURFACE states it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Who(msgspec.Struct, frozen=True):
    """The customer whose number it is, as read now."""

    id: UUID
    name: str


class Call(msgspec.Struct, frozen=True):
    """A call as SURFACE states it. `seconds`: talked, once ended, without `held_seconds`; `held_at`: on hold since.

    `rings_at`: the users it rings at; none: everybody. `same`: why what was logged and what `line` reports is one.
    """

    id: UUID
    number: int | None
    state: str
    direction: str
    phone: str
    agent: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    notes: str
    outcome: str
    line: str = ""
    held_at: datetime | None = None
    held_seconds: float = 0.0
    rings_at: list[str] = []
    customer: Who | None = None
    same: str = ""
