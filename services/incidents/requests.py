"""What an agent can ask of an incident. Made by the API and the CLI, run by `services/commands.py`.

`was`, where a request has it: only while it is still so. What undoes something asks that nobody changed it since.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from schemas.facts.incident import Priority, Reason
from schemas.facts.undone import Decision, Standing, Voice
from schemas.interaction import Channel
from services.request import Request


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """How an incident stood before what is undone, and how that left it: so it must stand still to stand so again.

    `heard`: its voices, where that changed them; `joined`: whom it let take part.
    """

    undone: Decision
    undone_at: datetime
    stood: Standing
    left: Standing
    heard: tuple[Voice, ...] | None = None
    joined: tuple[UUID, ...] = ()


class Reply(Request, frozen=True, kw_only=True):
    """Answer the customer. Without `channel` and `to`: whoever wrote last, the way they wrote.

    `to`: an address, `email:ana@x.cu` or bare. An address new to the incident gets a thread of its own.
    `thread`: the one conversation it answers, where several of a channel are part of the incident.
    `uploads`: files that go with it. `hold_seconds`: it leaves no earlier, and can be withdrawn until then.
    `seen_version`: of the incident it answers; with one, somebody else's reply since then is refused as a conflict.
    """

    incident: int
    text: str
    channel: Channel | None = None
    to: str = ""
    thread: UUID | None = None
    uploads: tuple[UUID, ...] = ()
    hold_seconds: int = 0
    seen_version: int | None = None


class Withdraw(Request, frozen=True, kw_only=True):
    """Take a reply back that has not left."""

    incident: int
    interaction: UUID


class Note(Request, frozen=True, kw_only=True):
    """Write down something the customer never sees. `@name` calls a user; `uploads`: files that go with it."""

    incident: int
    text: str
    uploads: tuple[UUID, ...] = ()


class Assign(Request, frozen=True, kw_only=True):
    """Give it to a user, to a team, to both, or to nobody (None). What isn't given stays.

    `back`: as if it had never been given, where nobody did anything since.
    """

    incident: int
    to: str | UnsetType | None = UNSET
    team: str | UnsetType | None = UNSET
    was: str | UnsetType | None = UNSET
    team_was: str | UnsetType | None = UNSET
    back: Back | UnsetType = UNSET


class Snooze(Request, frozen=True, kw_only=True):
    """Put it out of sight until then, or (None) until the customer answers."""

    incident: int
    until: datetime | None
    was: datetime | UnsetType | None = UNSET


class Wake(Request, frozen=True, kw_only=True):
    """Put it in sight again."""

    incident: int
    was: datetime | UnsetType | None = UNSET


class Prioritize(Request, frozen=True, kw_only=True):
    """Say how soon."""

    incident: int
    priority: Priority
    was: Priority | UnsetType = UNSET


class Tag(Request, frozen=True, kw_only=True):
    """Put tags on and take them off."""

    incident: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Resolve(Request, frozen=True, kw_only=True):
    """It is solved."""

    incident: int
    solution: str = ""
    cause: str = ""


class Close(Request, frozen=True, kw_only=True):
    """Done with it."""

    incident: int


class Reopen(Request, frozen=True, kw_only=True):
    """Not done after all."""

    incident: int
    reason: str = ""


class Restore(Request, frozen=True, kw_only=True):
    """It was not resolved, closed or reopened after all. Only of what undoes something."""

    incident: int
    back: Back


class Merge(Request, frozen=True, kw_only=True):
    """`sources` are the same piece of work as `incident`."""

    incident: int
    sources: tuple[int, ...]


class Unmerge(Request, frozen=True, kw_only=True):
    """`source` stands alone again."""

    incident: int
    source: int


class Split(Request, frozen=True, kw_only=True):
    """These interactions are a new incident (whose id is this request's)."""

    incident: int
    interactions: tuple[UUID, ...]
    subject: str


class Move(Request, frozen=True, kw_only=True):
    """This interaction belongs to incident `to`."""

    incident: int
    interaction: UUID
    to: int


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """An interaction that goes back to the incident of number `to`, with the reason and time of its link there."""

    interaction: UUID
    to: int
    reason: Reason
    at: datetime


class Return(Request, frozen=True, kw_only=True):
    """What was moved or split off to `incident` goes back. Only of what undoes something.

    `backs`: number of each incident concerned, and how it stood. `merge`: what `incident` was split from; what came
    there since is read there.
    """

    incident: int
    links: tuple[Returned, ...]
    backs: tuple[tuple[int, Back], ...]
    merge: int | None = None


class Rate(Request, frozen=True, kw_only=True):
    """The customer's word on how we did: `score` from 1 (badly) to 5 (well)."""

    incident: int
    score: int
    comment: str = ""


class LinkArticle(Request, frozen=True, kw_only=True):
    """An article has to do with it."""

    incident: int
    article: UUID


class UnlinkArticle(Request, frozen=True, kw_only=True):
    """It hasn't after all."""

    incident: int
    article: UUID


IncidentRequest = (
    Reply
    | Withdraw
    | Note
    | Assign
    | Snooze
    | Wake
    | Prioritize
    | Tag
    | Resolve
    | Close
    | Reopen
    | Restore
    | Merge
    | Unmerge
    | Split
    | Move
    | Return
    | LinkArticle
    | UnlinkArticle
    | Rate
)
