"""Facts of an incident: one piece of support work, from its opening to its close, and how it was grouped."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.kind import Fact, Personal, fact
from schemas.interaction import Automatic, Channel, Direction


class Status(StrEnum):
    """Where an incident stands. A reopened one is `open`."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(StrEnum):
    """How soon."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Reason(StrEnum):
    """Why an interaction is in its incident. Stands on every link."""

    SIGNED_TOKEN = "signed_token"  # noqa: S105 -- a reason's name
    REFERENCES = "references"
    SUBJECT_NUMBER = "subject_number"
    SAME_MAIL = "same_mail"
    SESSION = "session"
    SAME_CUSTOMER = "same_customer"
    NEW = "new"
    AGENT = "agent"


class SuggestionReason(StrEnum):
    """Why an incident may be the same as another. Follows, followed by: its closed one was too old to be reopened."""

    FOLLOWS = "follows"
    FOLLOWED_BY = "followed_by"
    CLAIMED_ADDRESS = "claimed_address"
    STRANGER_WITH_NUMBER = "stranger_with_number"
    STRANGER_WITH_REFERENCES = "stranger_with_references"


class Subject(Personal, frozen=True, kw_only=True):
    """What the customer calls it."""

    subject: str = ""


class Words(Personal, frozen=True, kw_only=True):
    """Free text about a person."""

    text: str = ""


class Resolution(Personal, frozen=True, kw_only=True):
    """How it was solved, and why it had happened."""

    solution: str = ""
    cause: str = ""


@fact("incident.opened.v1")
class IncidentOpened(Fact, frozen=True, kw_only=True):
    """Work began. `proven`: the first contact showed its address. `split_from`: an agent cut it out of another.

    `product` is no longer written: a customer typed it, so it is a fact of its own, sealed (`ProductNamed`).
    """

    incident: UUID
    number: int
    customer: UUID
    address: UUID
    proven: bool = False
    channel: Channel
    language: str = ""
    product: str = ""
    split_from: UUID | None = None
    at: datetime
    personal: Subject | None = None


@fact("incident.interaction_linked.v1")
class InteractionLinked(Fact, frozen=True, kw_only=True):
    """An interaction is part of this timeline. `at`: when we recorded it; `starts_contact`: it counts as a contact."""

    incident: UUID
    interaction: UUID
    channel: Channel
    direction: Direction
    thread: UUID
    address: UUID
    proven: bool = False
    automatic: Automatic | None = None
    starts_contact: bool = False
    reason: Reason
    by: str = ""
    at: datetime


@fact("incident.interaction_unlinked.v1")
class InteractionUnlinked(Fact, frozen=True, kw_only=True):
    """An agent moved an interaction to incident `to`, which has its own link."""

    incident: UUID
    interaction: UUID
    to: UUID
    by: str
    at: datetime


@fact("incident.participant_added.v1")
class ParticipantAdded(Fact, frozen=True, kw_only=True):
    """Another address takes part. `marked`: it used a token that was mailed to somebody else."""

    incident: UUID
    address: UUID
    marked: bool = False
    at: datetime
    personal: Words | None = None  # the address itself


@fact("incident.merge_suggested.v1")
class MergeSuggested(Fact, frozen=True, kw_only=True):
    """This one is probably part of `other`; a person decides."""

    incident: UUID
    other: UUID
    reason: SuggestionReason
    at: datetime


@fact("incident.merged.v1")
class IncidentMerged(Fact, frozen=True, kw_only=True):
    """From now on this incident is read as part of `into`: an alias, nothing is rewritten."""

    incident: UUID
    into: UUID
    reason: Reason = Reason.AGENT
    by: str = ""
    at: datetime


@fact("incident.unmerged.v1")
class IncidentUnmerged(Fact, frozen=True, kw_only=True):
    """It stands alone again."""

    incident: UUID
    out_of: UUID
    by: str
    at: datetime


@fact("incident.assigned.v1")
class IncidentAssigned(Fact, frozen=True, kw_only=True):
    """Somebody has it, or nobody (`to` None)."""

    incident: UUID
    to: str | None
    by: str
    at: datetime


@fact("incident.team_assigned.v1")
class IncidentTeamAssigned(Fact, frozen=True, kw_only=True):
    """It is a team's, or no team's (`team` None); who of them has it is another matter."""

    incident: UUID
    team: str | None
    by: str
    at: datetime


@fact("incident.snoozed.v1")
class IncidentSnoozed(Fact, frozen=True, kw_only=True):
    """Out of sight `until` then, or (None) until the customer answers; who answers sooner wakes it too."""

    incident: UUID
    until: datetime | None = None
    by: str
    at: datetime


@fact("incident.woken.v1")
class IncidentWoken(Fact, frozen=True, kw_only=True):
    """In sight again: a customer's `interaction` did it, an agent (`by`), or else its time came."""

    incident: UUID
    interaction: UUID | None = None
    by: str = ""
    at: datetime


@fact("incident.prioritized.v1")
class IncidentPrioritized(Fact, frozen=True, kw_only=True):
    """Its priority was set."""

    incident: UUID
    priority: Priority
    by: str
    at: datetime


@fact("incident.tagged.v1")
class IncidentTagged(Fact, frozen=True, kw_only=True):
    """Tags were put on and taken off."""

    incident: UUID
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    by: str
    at: datetime


@fact("incident.noted.v1")
class IncidentNoted(Fact, frozen=True, kw_only=True):
    """An internal note. Sealed with the key of the customer it is about."""

    incident: UUID
    note: UUID
    address: UUID
    by: str
    at: datetime
    personal: Words | None = None


@fact("incident.resolved.v1")
class IncidentResolved(Fact, frozen=True, kw_only=True):
    """Solved, as far as we know."""

    incident: UUID
    address: UUID
    by: str
    at: datetime
    personal: Resolution | None = None


@fact("incident.closed.v1")
class IncidentClosed(Fact, frozen=True, kw_only=True):
    """Done with."""

    incident: UUID
    by: str
    at: datetime


@fact("incident.reopened.v2")
class IncidentReopened(Fact, frozen=True, kw_only=True):
    """Open again: an agent said so (`by`, and why), or a customer's `interaction` did.

    `address`: the incident's, whose key seals the reason; None in what was recorded as v1, where it stood in the clear.
    """

    incident: UUID
    interaction: UUID | None = None
    address: UUID | None = None
    by: str = ""
    at: datetime
    personal: Words | None = None


@fact("incident.work_started.v1")
class WorkStarted(Fact, frozen=True, kw_only=True):
    """A user's stopwatch runs for it; `span` is this one run. A user has one at a time."""

    incident: UUID
    span: UUID
    by: str
    at: datetime


@fact("incident.work_stopped.v1")
class WorkStopped(Fact, frozen=True, kw_only=True):
    """The run is over and counts `seconds`. `forgotten`: it ran longer than anybody works at a stretch, and was cut."""

    incident: UUID
    span: UUID
    seconds: float
    forgotten: bool = False
    by: str
    at: datetime


@fact("incident.rated.v1")
class IncidentRated(Fact, frozen=True, kw_only=True):
    """The customer says how we did, from 1 (badly) to 5 (well). A later one replaces it."""

    incident: UUID
    address: UUID
    score: int
    at: datetime
    personal: Words | None = None


@fact("incident.product_named.v1")
class ProductNamed(Fact, frozen=True, kw_only=True):
    """What the customer says it is about, in their own words."""

    incident: UUID
    address: UUID
    at: datetime
    personal: Words | None = None
