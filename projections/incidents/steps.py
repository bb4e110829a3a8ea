"""What each fact does to a row of the incident database. Pure; statuses by schemas/lifecycle.py, as the decider's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.incidents import clocks
from projections.incidents.tables import (
    IncidentRow,
    LinkRow,
    ParticipantRow,
    SuggestionRow,
    TargetRow,
)
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentMerged,
    IncidentNoted,
    IncidentOpened,
    IncidentPrioritized,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTagged,
    IncidentTeamAssigned,
    IncidentUnmerged,
    IncidentWoken,
    InteractionLinked,
    InteractionUnlinked,
    MergeSuggested,
    ParticipantAdded,
    Priority,
    ProductNamed,
    Resolution,
    Status,
)
from schemas.facts.kind import Fact
from schemas.facts.target import TargetSet
from schemas.facts.teamwork import (
    ReplyWithdrawn,
)
from schemas.facts.undone import IncidentRestored
from schemas.interaction import Direction
from schemas.lifecycle import next_status, speaks

F = TypeVar("F", bound=Fact)

_STATUS = {status.value: status for status in Status}
_NEW = Status.NEW.value
_NORMAL = Priority.NORMAL.value
_OUT = Direction.OUT


def opened(target: TargetRow, fact: IncidentOpened, event: Recorded) -> IncidentRow:
    """The row of a new incident, its clocks by the targets of an ordinary one."""
    row = IncidentRow(
        id=fact.incident,
        number=fact.number,
        subject=fact.personal.subject if fact.personal else "",
        status=_NEW,
        priority=_NORMAL,
        channel=str(fact.channel),
        channels=[],
        links={},
        customer=fact.customer,
        address=fact.address,
        proven=fact.proven,
        assignee=None,
        team=None,
        tags=[],
        language=fact.language,
        product=fact.product,
        opened_at=fact.at,
        updated_at=fact.at,
        first_response_at=None,
        resolved_at=None,
        closed_at=None,
        solution="",
        cause="",
        resolution_address=None,
        merged_into=None,
        spoke_at=fact.at,
        snoozed=False,
        snoozed_until=None,
        first_response_due_at=None,
        resolution_due_at=None,
        paused_at=None,
        paused_seconds=0.0,
        resumed_at=None,
        version=event.version,
    )
    return replace(row, **clocks.due(row, target))


def product(row: IncidentRow, fact: ProductNamed, event: Recorded) -> IncidentRow:
    """What the customer says it is about."""
    return replace(row, product=fact.personal.text if fact.personal else "", version=event.version)


def _moved_on(row: IncidentRow, fact: Fact, at: datetime, event: Recorded, **more: Any) -> IncidentRow:
    """What every fact of an incident does: status by the one table of it, clock, time, version; and what is its own."""
    status = next_status(_STATUS[row.status], fact)
    return replace(
        row,
        status=str(status),
        **clocks.turned(row, status, at),
        updated_at=max(row.updated_at, at),
        spoke_at=max(row.spoke_at, at) if speaks(fact) else row.spoke_at,
        version=event.version,
        **more,
    )


def linked(row: IncidentRow, link: LinkRow, fact: InteractionLinked, event: Recorded) -> tuple[IncidentRow, LinkRow]:
    """One interaction more; a person's first answer ends the first clock."""
    channel = str(fact.channel)
    first_response_at = row.first_response_at
    # a moved answer was given before; only a new one of a person's can be the first
    if first_response_at is None and fact.direction is _OUT and fact.by and not link.channel:
        first_response_at = fact.at
    row = _moved_on(
        row,
        fact,
        max(fact.at, row.spoke_at),  # what comes back from elsewhere has its old time
        event,
        links={**row.links, channel: row.links.get(channel, 0) + 1},
        channels=row.channels if channel in row.channels else [*row.channels, channel],
        proven=row.proven or (fact.proven and fact.address == row.address),
        first_response_at=first_response_at,
    )
    return row, LinkRow(fact.interaction, fact.incident, channel)


def unlinked(
    row: IncidentRow, link: LinkRow, fact: InteractionUnlinked, event: Recorded
) -> tuple[IncidentRow, LinkRow]:
    """One less: it is elsewhere now."""
    left = row.links.get(link.channel, 0) - 1
    links = {name: count for name, count in row.links.items() if name != link.channel}
    channels = row.channels
    if left > 0:
        links[link.channel] = left
    else:
        channels = [name for name in channels if name != link.channel]
    return _moved_on(row, fact, fact.at, event, links=links, channels=channels), link


def assigned(row: IncidentRow, fact: IncidentAssigned, event: Recorded) -> IncidentRow:
    """Whose it is."""
    return _moved_on(row, fact, fact.at, event, assignee=fact.to)


def team_assigned(row: IncidentRow, fact: IncidentTeamAssigned, event: Recorded) -> IncidentRow:
    """Which team's."""
    return _moved_on(row, fact, fact.at, event, team=fact.team)


def snoozed(row: IncidentRow, fact: IncidentSnoozed, event: Recorded) -> IncidentRow:
    """Out of sight."""
    return _moved_on(row, fact, fact.at, event, snoozed=True, snoozed_until=fact.until)


def woken(row: IncidentRow, fact: IncidentWoken, event: Recorded) -> IncidentRow:
    """In sight."""
    return _moved_on(row, fact, fact.at, event, snoozed=False, snoozed_until=None)


def prioritized(
    row: IncidentRow, target: TargetRow, fact: IncidentPrioritized, event: Recorded
) -> tuple[IncidentRow, TargetRow]:
    """Another priority has other targets."""
    row = _moved_on(row, fact, fact.at, event, priority=fact.priority.value)
    return replace(row, **clocks.due(row, target)), target


def target_set(row: TargetRow, fact: TargetSet, _: Recorded) -> TargetRow:
    """What new incidents of a priority get."""
    return replace(row, first_response_seconds=fact.first_response_seconds, resolution_seconds=fact.resolution_seconds)


def tagged(row: IncidentRow, fact: IncidentTagged, event: Recorded) -> IncidentRow:
    """Tags on and off."""
    kept = [tag for tag in row.tags if tag not in fact.removed]
    added = [tag for tag in fact.added if tag not in kept]
    return _moved_on(row, fact, fact.at, event, tags=[*kept, *added])


def noted(row: IncidentRow, fact: IncidentNoted, event: Recorded) -> IncidentRow:
    """Something was written down."""
    return _moved_on(row, fact, fact.at, event)


def resolved(row: IncidentRow, fact: IncidentResolved, event: Recorded) -> IncidentRow:
    """Solved, and how."""
    return _moved_on(
        row,
        fact,
        fact.at,
        event,
        resolved_at=fact.at,
        solution=fact.personal.solution if fact.personal else "",
        cause=fact.personal.cause if fact.personal else "",
        resolution_address=fact.address,
        snoozed=False,
        snoozed_until=None,
    )


def closed(row: IncidentRow, fact: IncidentClosed, event: Recorded) -> IncidentRow:
    """Done with."""
    return _moved_on(row, fact, fact.at, event, closed_at=fact.at, snoozed=False, snoozed_until=None)


def reopened(row: IncidentRow, fact: IncidentReopened, event: Recorded) -> IncidentRow:
    """Not done."""
    return _moved_on(row, fact, fact.at, event, resolved_at=None, closed_at=None)


def restored(row: IncidentRow, fact: IncidentRestored, event: Recorded) -> IncidentRow:
    """As it stood before what was undone."""
    said = fact.personal or Resolution()
    stood = fact.stood
    return replace(
        row,
        status=stood.status.value,
        **clocks.turned_back(row, stood.status),
        updated_at=max(row.updated_at, fact.at),
        spoke_at=stood.spoken_at,
        resolved_at=fact.resolved_at,
        closed_at=fact.closed_at,
        solution=said.solution,
        cause=said.cause,
        resolution_address=fact.address,
        snoozed=stood.snoozed,
        snoozed_until=stood.snoozed_until,
        version=event.version,
    )


def parted(row: ParticipantRow, _fact: IncidentRestored, _: Recorded) -> ParticipantRow:
    """Takes part no more."""
    return replace(row, text="", marked=True, position=0)


def reply_withdrawn(row: IncidentRow, fact: ReplyWithdrawn, event: Recorded) -> IncidentRow:
    """As if an answer had not been given."""
    first = row.first_response_at
    return _moved_on(
        row, fact, fact.at, event, first_response_at=fact.next_reply_at if first == fact.replied_at else first
    )


def merged(row: IncidentRow, fact: IncidentMerged, event: Recorded) -> IncidentRow:
    """Read as part of another."""
    # the time of its last change stays: un-merged, it reads as if never merged
    return replace(row, merged_into=fact.into, version=event.version)


def unmerged(row: IncidentRow, _: IncidentUnmerged, event: Recorded) -> IncidentRow:
    """Stands alone again."""
    return replace(row, merged_into=None, version=event.version)


def left(row: IncidentRow, _: IncidentUnmerged, _event: Recorded) -> IncidentRow:
    """Somebody left it: nothing of its own changes, but its family is settled anew."""
    return row


def unshown(row: IncidentRow, _: Fact, event: Recorded) -> IncidentRow:
    """Nothing that the list shows."""
    return replace(row, version=event.version)


def participant(row: ParticipantRow, fact: ParticipantAdded, event: Recorded) -> ParticipantRow:
    """Who takes part."""
    text = fact.personal.text if fact.personal else ""
    return replace(row, text=text, marked=row.marked and fact.marked, position=row.position or event.position)


def suggested(row: SuggestionRow, fact: MergeSuggested, event: Recorded) -> SuggestionRow:
    """What it may be the same as."""
    return replace(row, reason=fact.reason.value, position=row.position or event.position)
