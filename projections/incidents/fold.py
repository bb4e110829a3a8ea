"""The incident database as data: which rows each fact changes (how: steps.py), and what is settled after a batch."""

from __future__ import annotations

from typing import Any, LiteralString

from projections.erasure import erased
from projections.incidents import clocks, steps
from projections.incidents.tables import (
    INCIDENTS_TABLE,
    LINKS_TABLE,
    PARTICIPANTS_TABLE,
    SUGGESTIONS_TABLE,
    TARGETS_TABLE,
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
    WorkStarted,
    WorkStopped,
)
from schemas.facts.target import TargetSet
from schemas.facts.teamwork import (
    AgentsMentioned,
    ArticleLinked,
    ArticleUnlinked,
    NoteFilesAdded,
    ReplyWithdrawn,
)
from schemas.facts.undone import IncidentRestored
from schemas.interaction import Channel

# named once: Python 3.11 finds a member, and its value, anew at each use, and these are used at nearly every fact


def _new_target(fact: TargetSet) -> dict[str, Any]:
    return {
        "priority": fact.priority.value,
        "first_response_seconds": fact.first_response_seconds,
        "resolution_seconds": fact.resolution_seconds,
    }


_NORMAL = Priority.NORMAL.value

_OPENS: Both[IncidentOpened] = Both(
    INCIDENTS_TABLE,
    lambda fact: fact.incident,
    TARGETS_TABLE,
    lambda _: _NORMAL,
    lambda _: False,
    lambda _, target, fact, event: (steps.opened(target, fact, event), target),
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
        on(ProductNamed, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.product)),
        on(
            InteractionLinked,
            changes_both(
                (INCIDENTS_TABLE, lambda fact: fact.incident),
                (LINKS_TABLE, lambda fact: fact.interaction),
                steps.linked,
                other_is_new=lambda fact: not fact.by,  # only agents move interactions
            ),
        ),
        on(
            InteractionUnlinked,
            changes_both(
                (INCIDENTS_TABLE, lambda fact: fact.incident),
                (LINKS_TABLE, lambda fact: fact.interaction),
                steps.unlinked,
            ),
        ),
        on(IncidentAssigned, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.assigned)),
        on(
            IncidentPrioritized,
            changes_both(
                (INCIDENTS_TABLE, lambda fact: fact.incident),
                (TARGETS_TABLE, lambda fact: fact.priority.value),
                steps.prioritized,
            ),
        ),
        on(IncidentTeamAssigned, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.team_assigned)),
        on(IncidentSnoozed, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.snoozed)),
        on(IncidentWoken, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.woken)),
        on(
            TargetSet,
            changes(TARGETS_TABLE, lambda fact: fact.priority.value, steps.target_set),
            Everywhere(clocks.SET_AGAIN, _new_target),
        ),
        on(IncidentTagged, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.tagged)),
        on(IncidentNoted, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.noted)),
        on(IncidentResolved, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.resolved)),
        on(IncidentClosed, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.closed)),
        on(IncidentReopened, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.reopened)),
        on(
            IncidentRestored,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.restored),
            changes_each(PARTICIPANTS_TABLE, lambda fact: [(fact.incident, one) for one in fact.parted], steps.parted),
        ),
        on(IncidentRated, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown)),
        on(ReplyWithdrawn, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.reply_withdrawn)),
        on(AgentsMentioned, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown)),
        on(NoteFilesAdded, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown)),
        on(ArticleLinked, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown)),
        on(ArticleUnlinked, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown)),
        on(IncidentMerged, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.merged)),
        on(
            IncidentUnmerged,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unmerged),
            changes(INCIDENTS_TABLE, lambda fact: fact.out_of, steps.left),
        ),
        on(
            ParticipantAdded,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown),
            changes(PARTICIPANTS_TABLE, lambda fact: (fact.incident, fact.address), steps.participant),
        ),
        on(
            MergeSuggested,
            changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown),
            changes(SUGGESTIONS_TABLE, lambda fact: (fact.incident, fact.other), steps.suggested),
        ),
        on(WorkStarted, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown)),
        on(WorkStopped, changes(INCIDENTS_TABLE, lambda fact: fact.incident, steps.unshown)),
        on(
            PersonErased,
            Everywhere("UPDATE incidents SET subject = '', product = '' WHERE address = ANY(%(addresses)s)", erased),
            Everywhere(
                "UPDATE incidents SET solution = '', cause = '' WHERE resolution_address = ANY(%(addresses)s)", erased
            ),
            Everywhere("UPDATE incident_participants SET text = '' WHERE address = ANY(%(addresses)s)", erased),
        ),
    ),
    settle=Settle(INCIDENTS_TABLE, _SETTLE, "SELECT id FROM incidents WHERE merged_into IS NOT NULL"),
    indexes=_BY_CHANNEL,
)
