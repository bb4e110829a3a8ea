"""How facts become the incident database. Statuses follow schemas/lifecycle.py, as the decider's do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString, TypeVar

from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.incidents import clocks
from projections.incidents.tables import (
    INCIDENTS_TABLE,
    LINKS_TABLE,
    PARTICIPANTS_TABLE,
    SUGGESTIONS_TABLE,
    TARGETS_TABLE,
    IncidentRow,
    LinkRow,
    ParticipantRow,
    SuggestionRow,
    TargetRow,
)
from projections.projection import Both, Everywhere, Projection, Settle, changes, changes_both, changes_each, on
from schemas.facts.customer import PersonErased
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentMerged,
    IncidentNoted,
    IncidentOpened,
    IncidentPrioritized,
    IncidentRated,
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
    WorkStarted,
    WorkStopped,
)
from schemas.facts.kind import Fact
from schemas.facts.target import TargetSet
from schemas.facts.teamwork import (
    AgentsMentioned,
    ArticleLinked,
    ArticleUnlinked,
    NoteFilesAdded,
    ReplyWithdrawn,
)
from schemas.facts.undone import IncidentRestored
from schemas.interaction import Channel, Direction
from schemas.lifecycle import next_status, speaks

F = TypeVar("F", bound=Fact)


# named once: Python 3.11 finds a member, and its value, anew at each use, and these are used at nearly every fact
_STATUS = {status.value: status for status in Status}
_NEW = Status.NEW.value
_NORMAL = Priority.NORMAL.value
_OUT = Direction.OUT


def _opened(target: TargetRow, fact: IncidentOpened, event: Recorded) -> IncidentRow:
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


def _product(row: IncidentRow, fact: ProductNamed, event: Recorded) -> IncidentRow:
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


def _linked(row: IncidentRow, link: LinkRow, fact: InteractionLinked, event: Recorded) -> tuple[IncidentRow, LinkRow]:
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


def _unlinked(
    row: IncidentRow, link: LinkRow, fact: InteractionUnlinked, event: Recorded
) -> tuple[IncidentRow, LinkRow]:
    left = row.links.get(link.channel, 0) - 1
    links = {name: count for name, count in row.links.items() if name != link.channel}
    channels = row.channels
    if left > 0:
        links[link.channel] = left
    else:
        channels = [name for name in channels if name != link.channel]
    return _moved_on(row, fact, fact.at, event, links=links, channels=channels), link


def _assigned(row: IncidentRow, fact: IncidentAssigned, event: Recorded) -> IncidentRow:
    return _moved_on(row, fact, fact.at, event, assignee=fact.to)


def _team_assigned(row: IncidentRow, fact: IncidentTeamAssigned, event: Recorded) -> IncidentRow:
    return _moved_on(row, fact, fact.at, event, team=fact.team)


def _snoozed(row: IncidentRow, fact: IncidentSnoozed, event: Recorded) -> IncidentRow:
    return _moved_on(row, fact, fact.at, event, snoozed=True, snoozed_until=fact.until)


def _woken(row: IncidentRow, fact: IncidentWoken, event: Recorded) -> IncidentRow:
    return _moved_on(row, fact, fact.at, event, snoozed=False, snoozed_until=None)


def _prioritized(
    row: IncidentRow, target: TargetRow, fact: IncidentPrioritized, event: Recorded
) -> tuple[IncidentRow, TargetRow]:
    row = _moved_on(row, fact, fact.at, event, priority=fact.priority.value)
    return replace(row, **clocks.due(row, target)), target


def _target_set(row: TargetRow, fact: TargetSet, _: Recorded) -> TargetRow:
    return replace(row, first_response_seconds=fact.first_response_seconds, resolution_seconds=fact.resolution_seconds)


def _tagged(row: IncidentRow, fact: IncidentTagged, event: Recorded) -> IncidentRow:
    kept = [tag for tag in row.tags if tag not in fact.removed]
    added = [tag for tag in fact.added if tag not in kept]
    return _moved_on(row, fact, fact.at, event, tags=[*kept, *added])


def _noted(row: IncidentRow, fact: IncidentNoted, event: Recorded) -> IncidentRow:
    return _moved_on(row, fact, fact.at, event)


def _resolved(row: IncidentRow, fact: IncidentResolved, event: Recorded) -> IncidentRow:
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


def _closed(row: IncidentRow, fact: IncidentClosed, event: Recorded) -> IncidentRow:
    return _moved_on(row, fact, fact.at, event, closed_at=fact.at, snoozed=False, snoozed_until=None)


def _reopened(row: IncidentRow, fact: IncidentReopened, event: Recorded) -> IncidentRow:
    return _moved_on(row, fact, fact.at, event, resolved_at=None, closed_at=None)


def _restored(row: IncidentRow, fact: IncidentRestored, event: Recorded) -> IncidentRow:
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


def _parted(row: ParticipantRow, _fact: IncidentRestored, _: Recorded) -> ParticipantRow:
    return replace(row, text="", marked=True, position=0)


def _reply_withdrawn(row: IncidentRow, fact: ReplyWithdrawn, event: Recorded) -> IncidentRow:
    first = row.first_response_at
    return _moved_on(
        row, fact, fact.at, event, first_response_at=fact.next_reply_at if first == fact.replied_at else first
    )


def _beside(
    row: IncidentRow, _: AgentsMentioned | NoteFilesAdded | ArticleLinked | ArticleUnlinked, event: Recorded
) -> IncidentRow:
    return replace(row, version=event.version)


def _merged(row: IncidentRow, fact: IncidentMerged, event: Recorded) -> IncidentRow:
    # the time of its last change stays: un-merged, it reads as if never merged
    return replace(row, merged_into=fact.into, version=event.version)


def _unmerged(row: IncidentRow, _: IncidentUnmerged, event: Recorded) -> IncidentRow:
    return replace(row, merged_into=None, version=event.version)


def _left(row: IncidentRow, _: IncidentUnmerged, _event: Recorded) -> IncidentRow:
    return row  # nothing of its own changes, but its family is settled anew


def _took_part(
    row: IncidentRow, _: ParticipantAdded | MergeSuggested | WorkStarted | WorkStopped | IncidentRated, event: Recorded
) -> IncidentRow:
    return replace(row, version=event.version)


def _participant(row: ParticipantRow, fact: ParticipantAdded, event: Recorded) -> ParticipantRow:
    text = fact.personal.text if fact.personal else ""
    return replace(row, text=text, marked=row.marked and fact.marked, position=row.position or event.position)


def _suggested(row: SuggestionRow, fact: MergeSuggested, event: Recorded) -> SuggestionRow:
    return replace(row, reason=fact.reason.value, position=row.position or event.position)


def _erased(fact: PersonErased) -> dict[str, Any]:
    return {"addresses": list(fact.addresses)}


def _new_target(fact: TargetSet) -> dict[str, Any]:
    return {
        "priority": fact.priority.value,
        "first_response_seconds": fact.first_response_seconds,
        "resolution_seconds": fact.resolution_seconds,
    }


_OPENS: Both[IncidentOpened] = Both(
    INCIDENTS_TABLE,
    lambda fact: fact.incident,
    TARGETS_TABLE,
    lambda _: _NORMAL,
    lambda _: False,
    lambda _, target, fact, event: (_opened(target, fact, event), target),
    surely_new=True,
)

# schemas/lifecycle.py's merged_status in SQL, for lists to filter and sort by
_SETTLE: LiteralString = """
    WITH RECURSIVE up AS (
        SELECT id, merged_into FROM incidents WHERE id = ANY(%(changed)s) AND (merged_into IS NOT NULL
            OR family_status IS NOT NULL OR EXISTS (SELECT FROM incidents m WHERE m.merged_into = incidents.id))
        UNION SELECT i.id, i.merged_into FROM up,
            LATERAL (SELECT id, merged_into FROM incidents WHERE id = up.merged_into OFFSET 0) AS i
    ), family AS (
        SELECT id AS root, id, 0 AS depth FROM up WHERE merged_into IS NULL
        UNION ALL SELECT family.root, i.id, depth + 1 FROM family,
            LATERAL (SELECT id FROM incidents WHERE merged_into = family.id OFFSET 0) AS i
    ), members AS (
        SELECT root, i.status, i.spoke_at, i.number, i.updated_at, i.first_response_at,
            max(depth) OVER (PARTITION BY root) AS depth
        FROM family, LATERAL (SELECT status, spoke_at, number, updated_at, first_response_at FROM incidents
            WHERE id = family.id OFFSET 0) AS i
    ), settled AS (
        SELECT root, max(updated_at) AS updated_at, min(first_response_at) AS first_response_at,
            (array_agg(status ORDER BY spoke_at DESC, number))[1] AS status, bool_and(status = 'new') AS untouched
        FROM members WHERE depth > 0 GROUP BY root
    )
    UPDATE incidents SET family_updated_at = settled.updated_at, family_first_response_at = settled.first_response_at,
        family_status = CASE WHEN settled.status = 'new' AND NOT untouched THEN 'open' ELSE settled.status END
    FROM up LEFT JOIN settled ON settled.root = up.id
    WHERE incidents.id = up.id AND (family_status, family_updated_at, family_first_response_at) IS DISTINCT FROM
        (CASE WHEN settled.status = 'new' AND NOT untouched THEN 'open' ELSE settled.status END, settled.updated_at,
         settled.first_response_at)
"""

# a page of those that came over a channel: however few they are, and among however many others
_BY_CHANNEL = tuple(
    f"CREATE INDEX incidents_over_{channel.value} ON incidents (coalesce(family_updated_at, updated_at), number)"
    f" WHERE merged_into IS NULL AND channels @> '{{{channel.value}}}';\n"
    for channel in Channel
)

INCIDENTS = Projection(
    "incidents",
    version=5,
    ddl="incidents/tables.sql",
    tables=(INCIDENTS_TABLE, TARGETS_TABLE, LINKS_TABLE, PARTICIPANTS_TABLE, SUGGESTIONS_TABLE),
    on=(
        on(IncidentOpened, _OPENS),
        on(ProductNamed, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _product)),
        on(
            InteractionLinked,
            changes_both(
                (INCIDENTS_TABLE, lambda fact: fact.incident),
                (LINKS_TABLE, lambda fact: fact.interaction),
                _linked,
                other_is_new=lambda fact: not fact.by,  # only agents move interactions
            ),
        ),
        on(
            InteractionUnlinked,
            changes_both(
                (INCIDENTS_TABLE, lambda fact: fact.incident), (LINKS_TABLE, lambda fact: fact.interaction), _unlinked
            ),
        ),
        on(IncidentAssigned, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _assigned)),
        on(
            IncidentPrioritized,
            changes_both(
                (INCIDENTS_TABLE, lambda fact: fact.incident),
                (TARGETS_TABLE, lambda fact: fact.priority.value),
                _prioritized,
            ),
        ),
        on(IncidentTeamAssigned, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _team_assigned)),
        on(IncidentSnoozed, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _snoozed)),
        on(IncidentWoken, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _woken)),
        on(
            TargetSet,
            changes(TARGETS_TABLE, lambda fact: fact.priority.value, _target_set),
            Everywhere(clocks.SET_AGAIN, _new_target),
        ),
        on(IncidentTagged, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _tagged)),
        on(IncidentNoted, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _noted)),
        on(IncidentResolved, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _resolved)),
        on(IncidentClosed, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _closed)),
        on(IncidentReopened, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _reopened)),
        on(
            IncidentRestored,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, _restored),
            changes_each(PARTICIPANTS_TABLE, lambda fact: [(fact.incident, one) for one in fact.parted], _parted),
        ),
        on(IncidentRated, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _took_part)),
        on(ReplyWithdrawn, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _reply_withdrawn)),
        on(AgentsMentioned, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _beside)),
        on(NoteFilesAdded, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _beside)),
        on(ArticleLinked, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _beside)),
        on(ArticleUnlinked, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _beside)),
        on(IncidentMerged, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _merged)),
        on(
            IncidentUnmerged,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, _unmerged),
            changes(INCIDENTS_TABLE, lambda fact: fact.out_of, _left),
        ),
        on(
            ParticipantAdded,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, _took_part),
            changes(PARTICIPANTS_TABLE, lambda fact: (fact.incident, fact.address), _participant),
        ),
        on(
            MergeSuggested,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, _took_part),
            changes(SUGGESTIONS_TABLE, lambda fact: (fact.incident, fact.other), _suggested),
        ),
        on(WorkStarted, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _took_part)),
        on(WorkStopped, changes(INCIDENTS_TABLE, lambda fact: fact.incident, _took_part)),
        on(
            PersonErased,
            Everywhere("UPDATE incidents SET subject = '', product = '' WHERE address = ANY(%(addresses)s)", _erased),
            Everywhere(
                "UPDATE incidents SET solution = '', cause = '' WHERE resolution_address = ANY(%(addresses)s)", _erased
            ),
            Everywhere("UPDATE incident_participants SET text = '' WHERE address = ANY(%(addresses)s)", _erased),
        ),
    ),
    settle=Settle(INCIDENTS_TABLE, _SETTLE, "SELECT id FROM incidents WHERE merged_into IS NOT NULL"),
    indexes=_BY_CHANNEL,
)
