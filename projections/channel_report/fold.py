"""How facts become the channel report's counts (quarter-hours by channel) and durations (one row an incident)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.projection import Each, Projection, Table, changes, changes_both, lines, on, opens
from projections.quarters import quarter_of
from schemas.facts.incident import (
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentUnmerged,
    InteractionLinked,
)
from schemas.facts.interaction import InteractionReceived, InteractionSent
from schemas.facts.teamwork import ReplyWithdrawn
from schemas.facts.undone import Decision, IncidentRestored
from schemas.interaction import Direction


class QuarterRow(msgspec.Struct, frozen=True):
    """A row of `report_quarters`."""

    quarter: datetime
    channel: str
    contacts: int
    interactions_in: int
    interactions_out: int


class DurationsRow(msgspec.Struct, frozen=True):
    """A row of `report_incidents`."""

    incident: UUID
    channel: str
    opened_at: datetime
    first_response_at: datetime | None
    first_response_seconds: float | None
    resolved_at: datetime | None
    resolution_seconds: float | None
    merged_into: UUID | None


class TurnRow(msgspec.Struct, frozen=True):
    """A row of `report_turns`."""

    position: int
    incident: UUID
    turn: str
    at: datetime


class CountedRow(msgspec.Struct, frozen=True):
    """A row of `report_links`. Without `incident`: not linked yet. A moved interaction is no new contact or answer."""

    interaction: UUID
    incident: UUID | None


def _unlinked(interaction: UUID) -> CountedRow:
    return CountedRow(interaction, None)


def _quiet(key: tuple[datetime, str]) -> QuarterRow:
    return QuarterRow(*key, contacts=0, interactions_in=0, interactions_out=0)


_QUARTERS = Table("report_quarters", QuarterRow, ("quarter", "channel"), _quiet)
_INCIDENTS = Table("report_incidents", DurationsRow, ("incident",))
_LINKS = Table("report_links", CountedRow, ("interaction",), _unlinked)
_TURNS = Table("report_turns", TurnRow, ("position",))


def _received(row: QuarterRow, _fact: InteractionReceived, _: Recorded) -> QuarterRow:
    return replace(row, interactions_in=row.interactions_in + 1)


def _sent(row: QuarterRow, _fact: InteractionSent, _: Recorded) -> QuarterRow:
    return replace(row, interactions_out=row.interactions_out + 1)


def _contacted(
    row: QuarterRow, link: CountedRow, fact: InteractionLinked, _: Recorded
) -> tuple[QuarterRow, CountedRow]:
    counts = fact.starts_contact and link.incident is None
    return (replace(row, contacts=row.contacts + 1) if counts else row), CountedRow(fact.interaction, fact.incident)


def _opened(fact: IncidentOpened, _: Recorded) -> DurationsRow:
    return DurationsRow(fact.incident, fact.channel.value, fact.at, None, None, None, None, None)


def _answered(
    row: DurationsRow, link: CountedRow, fact: InteractionLinked, _: Recorded
) -> tuple[DurationsRow, CountedRow]:
    linked = CountedRow(fact.interaction, fact.incident)
    # a confirmation that we send by ourselves (`by` empty) is no answer
    by_a_person = fact.direction is Direction.OUT and bool(fact.by)
    if not by_a_person or link.incident is not None or row.first_response_at is not None:
        return row, linked
    seconds = (fact.at - row.opened_at).total_seconds()
    return replace(row, first_response_at=fact.at, first_response_seconds=seconds), linked


def _resolved(row: DurationsRow, fact: IncidentResolved, _: Recorded) -> DurationsRow:
    seconds = (fact.at - row.opened_at).total_seconds()
    return replace(row, resolved_at=fact.at, resolution_seconds=seconds)


def _reopened(row: DurationsRow, _fact: IncidentReopened, _: Recorded) -> DurationsRow:
    return replace(row, resolved_at=None, resolution_seconds=None)


def _restored(row: DurationsRow, fact: IncidentRestored, _: Recorded) -> DurationsRow:
    resolved_at = fact.resolved_at
    seconds = (resolved_at - row.opened_at).total_seconds() if resolved_at is not None else None
    return replace(row, resolved_at=resolved_at, resolution_seconds=seconds)


def _not_sent(row: QuarterRow, _fact: ReplyWithdrawn, _: Recorded) -> QuarterRow:
    return replace(row, interactions_out=row.interactions_out - 1)


def _not_answered(row: DurationsRow, fact: ReplyWithdrawn, _: Recorded) -> DurationsRow:
    if row.first_response_at != fact.replied_at:
        return row
    later = fact.next_reply_at
    seconds = (later - row.opened_at).total_seconds() if later is not None else None
    return replace(row, first_response_at=later, first_response_seconds=seconds)


def _merged(row: DurationsRow, fact: IncidentMerged, _: Recorded) -> DurationsRow:
    return replace(row, merged_into=fact.into)


def _unmerged(row: DurationsRow, _fact: IncidentUnmerged, _: Recorded) -> DurationsRow:
    return replace(row, merged_into=None)


def _resolution(fact: IncidentResolved, event: Recorded) -> TurnRow:
    return TurnRow(event.position, fact.incident, "resolved", fact.at)


def _reopening(fact: IncidentReopened, event: Recorded) -> TurnRow:
    return TurnRow(event.position, fact.incident, "reopened", fact.at)


_TAKEN_BACK = {Decision.RESOLVED: "not resolved", Decision.REOPENED: "not reopened"}
_UNTURNED: Each[IncidentRestored] = Each(
    _TURNS,
    lambda fact, event: (event.position,) if fact.undone in _TAKEN_BACK else (),
    lambda _, fact, event: TurnRow(event.position, fact.incident, _TAKEN_BACK[fact.undone], fact.undone_at),
    surely_new=True,
)

CHANNEL_REPORT = Projection(
    "channel_report",
    version=4,
    ddl="channel_report/tables.sql",
    tables=(_QUARTERS, _INCIDENTS, _LINKS, _TURNS),
    on=(
        on(
            InteractionReceived,
            changes(_QUARTERS, lambda fact: (quarter_of(fact.received_at), fact.channel.value), _received),
        ),
        on(InteractionSent, changes(_QUARTERS, lambda fact: (quarter_of(fact.at), fact.channel.value), _sent)),
        on(
            InteractionLinked,
            changes_both(
                (_QUARTERS, lambda fact: (quarter_of(fact.at), fact.channel.value)),
                (_LINKS, lambda fact: fact.interaction),
                _contacted,
                other_is_new=lambda fact: not fact.by,  # only agents move interactions
            ),
            changes_both(
                (_INCIDENTS, lambda fact: fact.incident),
                (_LINKS, lambda fact: fact.interaction),
                _answered,
                other_is_new=lambda fact: not fact.by,
            ),
        ),
        on(
            ReplyWithdrawn,
            changes(_QUARTERS, lambda fact: (quarter_of(fact.replied_at), fact.channel.value), _not_sent),
            changes(_INCIDENTS, lambda fact: fact.incident, _not_answered),
        ),
        on(IncidentOpened, opens(_INCIDENTS, lambda fact: fact.incident, _opened)),
        on(
            IncidentResolved,
            changes(_INCIDENTS, lambda fact: fact.incident, _resolved),
            lines(_TURNS, _resolution, lambda event: event.position),
        ),
        on(
            IncidentReopened,
            changes(_INCIDENTS, lambda fact: fact.incident, _reopened),
            lines(_TURNS, _reopening, lambda event: event.position),
        ),
        on(IncidentRestored, changes(_INCIDENTS, lambda fact: fact.incident, _restored), _UNTURNED),
        on(IncidentMerged, changes(_INCIDENTS, lambda fact: fact.incident, _merged)),
        on(IncidentUnmerged, changes(_INCIDENTS, lambda fact: fact.incident, _unmerged)),
    ),
)
