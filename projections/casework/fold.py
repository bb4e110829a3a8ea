"""How facts become what agents look up beside an incident: solutions, linked articles, mentions, tags in use."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.erasure import erased
from projections.projection import Everywhere, Projection, Table, changes, changes_each, on, opens
from schemas.facts.customer import PersonErased
from schemas.facts.incident import (
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentTagged,
    IncidentUnmerged,
    Resolution,
)
from schemas.facts.teamwork import AgentsMentioned, ArticleLinked, ArticleUnlinked
from schemas.facts.undone import IncidentRestored

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class SolutionRow(msgspec.Struct, frozen=True):
    """A row of `solutions`."""

    incident: UUID
    number: int
    customer: UUID
    product: str
    subject: str
    solution: str
    cause: str
    address: UUID
    solved_for: UUID | None
    solved_at: datetime | None
    merged: bool


class LinkedRow(msgspec.Struct, frozen=True):
    """A row of `incident_articles`."""

    incident: UUID
    article: UUID
    position: int
    linked: bool


class MentionRow(msgspec.Struct, frozen=True):
    """A row of `mentions`."""

    agent: str
    note: UUID
    incident: UUID
    by: str
    at: datetime
    position: int


class TagRow(msgspec.Struct, frozen=True):
    """A row of `tag_uses`: on how many incidents it is."""

    tag: str
    uses: int


def _not_linked(key: tuple[UUID, UUID]) -> LinkedRow:
    return LinkedRow(*key, position=0, linked=False)


def _unused(tag: str) -> TagRow:
    return TagRow(tag, 0)


def _called_yet(key: tuple[str, UUID]) -> MentionRow:
    return MentionRow(*key, incident=key[1], by="", at=_NEVER, position=0)


_SOLUTIONS = Table("solutions", SolutionRow, ("incident",), seen="public.sees(incident)")
_ARTICLES = Table("incident_articles", LinkedRow, ("incident", "article"), _not_linked)
_MENTIONS = Table("mentions", MentionRow, ("agent", "note"), _called_yet, seen="public.sees(incident)")
_TAGS = Table("tag_uses", TagRow, ("tag",), _unused)


def _opened(fact: IncidentOpened, _: Recorded) -> SolutionRow:
    subject = fact.personal.subject if fact.personal else ""
    return SolutionRow(
        fact.incident, fact.number, fact.customer, fact.product, subject, "", "", fact.address, None, None, merged=False
    )


def _resolved(row: SolutionRow, fact: IncidentResolved, _: Recorded) -> SolutionRow:
    return replace(
        row,
        solution=fact.personal.solution if fact.personal else "",
        cause=fact.personal.cause if fact.personal else "",
        solved_for=fact.address,
        solved_at=fact.at,
    )


def _reopened(row: SolutionRow, _fact: IncidentReopened, _: Recorded) -> SolutionRow:
    return replace(row, solved_at=None)


def _restored(row: SolutionRow, fact: IncidentRestored, _: Recorded) -> SolutionRow:
    said = fact.personal or Resolution()
    return replace(row, solution=said.solution, cause=said.cause, solved_for=fact.address, solved_at=fact.resolved_at)


def _merged(row: SolutionRow, _fact: IncidentMerged, _: Recorded) -> SolutionRow:
    return replace(row, merged=True)


def _unmerged(row: SolutionRow, _fact: IncidentUnmerged, _: Recorded) -> SolutionRow:
    return replace(row, merged=False)


def _linked(row: LinkedRow, _fact: ArticleLinked, event: Recorded) -> LinkedRow:
    return replace(row, position=event.position, linked=True)


def _unlinked(row: LinkedRow, _fact: ArticleUnlinked, _: Recorded) -> LinkedRow:
    return replace(row, linked=False)


def _mentioned(row: MentionRow, fact: AgentsMentioned, event: Recorded) -> MentionRow:
    return replace(row, incident=fact.incident, by=fact.by, at=fact.at, position=event.position)


def _tagged(row: TagRow, fact: IncidentTagged, _: Recorded) -> TagRow:
    return replace(row, uses=row.uses + (1 if row.tag in fact.added else -1))


CASEWORK = Projection(
    "casework",
    version=2,
    ddl="casework/tables.sql",
    tables=(_SOLUTIONS, _ARTICLES, _MENTIONS, _TAGS),
    on=(
        on(IncidentOpened, opens(_SOLUTIONS, lambda fact: fact.incident, _opened)),
        on(IncidentResolved, changes(_SOLUTIONS, lambda fact: fact.incident, _resolved)),
        on(IncidentReopened, changes(_SOLUTIONS, lambda fact: fact.incident, _reopened)),
        on(IncidentRestored, changes(_SOLUTIONS, lambda fact: fact.incident, _restored)),
        on(IncidentMerged, changes(_SOLUTIONS, lambda fact: fact.incident, _merged)),
        on(IncidentUnmerged, changes(_SOLUTIONS, lambda fact: fact.incident, _unmerged)),
        on(ArticleLinked, changes(_ARTICLES, lambda fact: (fact.incident, fact.article), _linked)),
        on(ArticleUnlinked, changes(_ARTICLES, lambda fact: (fact.incident, fact.article), _unlinked)),
        on(
            AgentsMentioned,
            changes_each(_MENTIONS, lambda fact: [(agent, fact.note) for agent in fact.agents], _mentioned),
        ),
        on(
            IncidentTagged,
            changes_each(_TAGS, lambda fact: list(dict.fromkeys((*fact.added, *fact.removed))), _tagged),
        ),
        on(
            PersonErased,
            Everywhere("UPDATE solutions SET subject = '' WHERE address = ANY(%(addresses)s)", erased),
            Everywhere("UPDATE solutions SET solution = '', cause = '' WHERE solved_for = ANY(%(addresses)s)", erased),
        ),
    ),
)
