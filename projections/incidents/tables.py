"""The rows and tables of the incident database, beside their DDL in tables.sql."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from projections.projection import Table


class IncidentRow(msgspec.Struct, frozen=True):
    """A row of `incidents`."""

    id: UUID
    number: int
    subject: str
    status: str
    priority: str
    channel: str
    channels: list[str]
    links: dict[str, int]
    customer: UUID
    address: UUID
    proven: bool
    assignee: str | None
    team: str | None
    tags: list[str]
    language: str
    product: str
    opened_at: datetime
    updated_at: datetime
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    solution: str
    cause: str
    resolution_address: UUID | None
    merged_into: UUID | None
    spoke_at: datetime
    snoozed: bool
    snoozed_until: datetime | None
    first_response_due_at: datetime | None
    resolution_due_at: datetime | None
    paused_at: datetime | None
    paused_seconds: float
    resumed_at: datetime | None
    version: int


class TargetRow(msgspec.Struct, frozen=True):
    """A row of `incident_targets`: how soon incidents of a priority shall be answered and solved."""

    priority: str
    first_response_seconds: int | None
    resolution_seconds: int | None


class LinkRow(msgspec.Struct, frozen=True):
    """A row of `incident_links`. Without `channel`: not linked yet."""

    interaction: UUID
    incident: UUID
    channel: str


class ParticipantRow(msgspec.Struct, frozen=True):
    """A row of `incident_participants`."""

    incident: UUID
    address: UUID
    text: str
    marked: bool
    position: int


class SuggestionRow(msgspec.Struct, frozen=True):
    """A row of `incident_suggestions`."""

    incident: UUID
    other: UUID
    reason: str
    position: int


_NOWHERE = UUID(int=0)


def _unlinked_yet(interaction: UUID) -> LinkRow:
    return LinkRow(interaction, _NOWHERE, "")


def _no_target(priority: str) -> TargetRow:
    return TargetRow(priority, None, None)


def _nobody(key: tuple[UUID, UUID]) -> ParticipantRow:
    return ParticipantRow(*key, text="", marked=True, position=0)


def _no_suggestion(key: tuple[UUID, UUID]) -> SuggestionRow:
    return SuggestionRow(*key, reason="", position=0)


INCIDENTS_TABLE = Table(
    "incidents",
    IncidentRow,
    ("id",),
    # what `sees` says, spelled out for the lists: a merged one is asked for as what it is read as
    seen="(merged_into IS NOT NULL OR team IS NULL OR team <> ALL (current_setting('cauce.hidden')::text[])"
    " OR assignee = current_setting('cauce.person')) AND (merged_into IS NULL OR public.sees(merged_into))",
)
TARGETS_TABLE = Table("incident_targets", TargetRow, ("priority",), _no_target)
LINKS_TABLE = Table("incident_links", LinkRow, ("interaction",), _unlinked_yet)
PARTICIPANTS_TABLE = Table("incident_participants", ParticipantRow, ("incident", "address"), _nobody)
SUGGESTIONS_TABLE = Table("incident_suggestions", SuggestionRow, ("incident", "other"), _no_suggestion)
