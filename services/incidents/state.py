"""An incident as its deciders see it: a small fold of its facts, without names or words. Kept in `incident_state`."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

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
    Status,
    SuggestionReason,
    WorkStarted,
    WorkStopped,
)
from schemas.facts.teamwork import AgentsMentioned, ArticleLinked, ArticleUnlinked, NoteFilesAdded, ReplyWithdrawn
from schemas.facts.undone import IncidentRestored, Standing, Voice
from schemas.interaction import Channel, Direction
from schemas.lifecycle import next_status, speaks

IncidentFact: TypeAlias = (
    IncidentOpened
    | InteractionLinked
    | InteractionUnlinked
    | ParticipantAdded
    | MergeSuggested
    | IncidentMerged
    | IncidentUnmerged
    | IncidentAssigned
    | IncidentTeamAssigned
    | IncidentSnoozed
    | IncidentWoken
    | IncidentPrioritized
    | IncidentTagged
    | IncidentNoted
    | IncidentResolved
    | IncidentClosed
    | IncidentReopened
    | WorkStarted
    | WorkStopped
    | IncidentRated
    | AgentsMentioned
    | NoteFilesAdded
    | ArticleLinked
    | ArticleUnlinked
    | ReplyWithdrawn
    | ProductNamed
    | IncidentRestored
)

_DONE = frozenset({Status.RESOLVED, Status.CLOSED})


class Incident(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """`spoken_at`: of the last fact that counts in `merged_status`. `apart`: what an agent separated from it.

    `solved`: its last word was a resolution, whether closed since or not; `resolution`: the version of the last one.
    `followed_by`: where who answers it goes on, once it is closed too long to be reopened.
    `snoozed` without `snoozed_until`: until the customer answers.

    `version`: of its stream, after all facts folded here. `product`: no longer filled; a state holds no words.
    """

    id: UUID
    number: int
    customer: UUID
    address: UUID
    channel: Channel
    opened_at: datetime
    active_at: datetime
    spoken_at: datetime
    version: int = 1
    proven: bool = False
    product: str = ""
    language: str = ""
    status: Status = Status.NEW
    priority: Priority = Priority.NORMAL
    assignee: str | None = None
    tags: frozenset[str] = frozenset()
    merged_into: UUID | None = None
    merged_at: datetime | None = None
    links: int = 0
    participants: frozenset[UUID] = frozenset()
    voices: tuple[Voice, ...] = ()
    suggested: frozenset[UUID] = frozenset()
    apart: frozenset[UUID] = frozenset()
    solved: bool = False
    articles: frozenset[UUID] = frozenset()
    team: str | None = None
    snoozed: bool = False
    snoozed_until: datetime | None = None
    resolution: int = 0
    followed_by: UUID | None = None

    @property
    def is_open(self) -> bool:
        """Is there work left, by its own facts?"""
        return self.status not in _DONE


def standing(incident: Incident) -> Standing:
    """How its work stands."""
    return Standing(**{name: getattr(incident, name) for name in Standing.__struct_fields__})


def opened(fact: IncidentOpened) -> Incident:
    """The state after the first fact."""
    return Incident(
        id=fact.incident,
        number=fact.number,
        customer=fact.customer,
        address=fact.address,
        channel=fact.channel,
        opened_at=fact.at,
        active_at=fact.at,
        spoken_at=fact.at,
        proven=fact.proven,
        language=fact.language,
        apart=frozenset() if fact.split_from is None else frozenset({fact.split_from}),
    )


def evolve(incident: Incident, fact: IncidentFact) -> Incident:  # noqa: C901, PLR0911, PLR0912 -- a table, a row a fact
    """The state after one more fact. Never refuses."""
    incident = replace(
        incident,
        version=incident.version + 1,
        status=next_status(incident.status, fact),
        # what is moved back has its old time
        spoken_at=max(incident.spoken_at, fact.at) if speaks(fact) else incident.spoken_at,
    )
    match fact:
        case IncidentOpened():
            return opened(fact)
        case InteractionLinked():
            return _linked(incident, fact)
        case InteractionUnlinked():
            return replace(
                incident,
                links=incident.links - 1,
                voices=tuple(voice for voice in incident.voices if voice.interaction != fact.interaction),
                apart=incident.apart | {fact.to},
            )
        case ParticipantAdded():
            return replace(incident, participants=incident.participants | {fact.address})
        case MergeSuggested():
            follow_up = fact.other if fact.reason is SuggestionReason.FOLLOWED_BY else incident.followed_by
            return replace(incident, suggested=incident.suggested | {fact.other}, followed_by=follow_up)
        case IncidentMerged():
            return replace(incident, merged_into=fact.into, merged_at=fact.at, apart=incident.apart - {fact.into})
        case IncidentUnmerged():
            return replace(incident, merged_into=None, merged_at=None, apart=incident.apart | {fact.out_of})
        case IncidentAssigned():
            return replace(incident, assignee=fact.to, active_at=fact.at)
        case IncidentPrioritized():
            return replace(incident, priority=fact.priority)
        case IncidentTagged():
            return replace(incident, tags=incident.tags - frozenset(fact.removed) | frozenset(fact.added))
        case ProductNamed():
            return incident
        case IncidentTeamAssigned():
            return replace(incident, team=fact.team)
        case IncidentSnoozed():
            return replace(incident, snoozed=True, snoozed_until=fact.until)
        case IncidentWoken():
            return replace(incident, snoozed=False, snoozed_until=None)
        case IncidentResolved():
            resolution = incident.version
            return replace(
                incident, active_at=fact.at, solved=True, snoozed=False, snoozed_until=None, resolution=resolution
            )
        case IncidentClosed():
            return replace(incident, active_at=fact.at, snoozed=False, snoozed_until=None)
        case IncidentReopened():
            return replace(incident, active_at=fact.at, solved=False)
        case IncidentRestored():
            return replace(
                incident,
                **msgspec.structs.asdict(fact.stood),
                voices=incident.voices if fact.heard is None else fact.heard,
                participants=incident.participants - frozenset(fact.parted),
            )
        case IncidentNoted():
            return replace(incident, active_at=fact.at)
        case WorkStarted() | WorkStopped() | IncidentRated():
            return incident
        case ArticleLinked():
            return replace(incident, articles=incident.articles | {fact.article})
        case ArticleUnlinked():
            return replace(incident, articles=incident.articles - {fact.article})
        case AgentsMentioned() | NoteFilesAdded() | ReplyWithdrawn():
            return incident
        case _:
            assert_never(fact)


def _linked(incident: Incident, fact: InteractionLinked) -> Incident:
    voices = incident.voices
    if fact.direction is Direction.IN and fact.automatic is None:
        voice = Voice(fact.address, fact.interaction, fact.thread, fact.channel, fact.at)
        voices = (*[other for other in voices if other.address != fact.address], voice)
    return replace(
        incident,
        links=incident.links + 1,
        voices=voices,
        active_at=incident.active_at if fact.automatic else max(incident.active_at, fact.at),
    )
