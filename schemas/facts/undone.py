"""Facts that take back what an agent had just done: it stands again as it stood before."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from schemas.facts.incident import Resolution, Status
from schemas.facts.kind import Fact, fact
from schemas.interaction import Channel


class Decision(StrEnum):
    """What was taken back."""

    ASSIGNED = "assigned"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    MOVED = "moved"
    SPLIT = "split"


class Voice(msgspec.Struct, frozen=True, array_like=True):
    """The last thing an address said here: where an answer goes."""

    address: UUID
    interaction: UUID
    thread: UUID
    channel: Channel
    at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the work on an incident stands by its own facts. `resolution`: version of the last one, 0: never resolved."""

    status: Status
    spoken_at: datetime
    active_at: datetime
    solved: bool = False
    snoozed: bool = False
    snoozed_until: datetime | None = None
    resolution: int = 0


@fact("incident.restored.v1")
class IncidentRestored(Fact, frozen=True, kw_only=True):
    """An agent took back what they had done at `undone_at`: it stands as it `stood`, as if that had not been.

    `heard`: whose last words are answered there, where that had changed; `parted`: take part no more.
    `resolved_at`, `closed_at`: since when it is so again. The words are those of the last resolution before it,
    sealed with the key of its `address`.
    """

    incident: UUID
    undone: Decision
    undone_at: datetime
    stood: Standing
    heard: tuple[Voice, ...] | None = None
    parted: tuple[UUID, ...] = ()
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    address: UUID | None = None
    by: str
    at: datetime
    personal: Resolution | None = None


@fact("chat.transfer_undone.v1")
class ChatTransferUndone(Fact, frozen=True, kw_only=True):
    """What was handed on at `undone_at` is with `agent` again, or (empty) waits in the queue, since when it did."""

    chat: UUID
    incident: UUID
    agent: str = ""
    team: str = ""
    since: datetime
    undone_at: datetime
    by: str
    at: datetime
