"""Facts of a team: agents who share work. Who is in it stands with the people (`user.joined_team`)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


@fact("team.created.v1")
class TeamCreated(Fact, frozen=True, kw_only=True):
    """There is a team. `name` stands in facts and never changes, `title` is what people read."""

    team: UUID
    name: str
    title: str
    by: str
    at: datetime


@fact("team.renamed.v1")
class TeamRenamed(Fact, frozen=True, kw_only=True):
    """People call it something else now."""

    team: UUID
    name: str
    title: str
    by: str
    at: datetime


@fact("team.closed.v1")
class TeamClosed(Fact, frozen=True, kw_only=True):
    """Its incidents are its members' from now on: nobody else sees them, but who has one."""

    team: UUID
    name: str
    by: str
    at: datetime


@fact("team.opened.v1")
class TeamOpened(Fact, frozen=True, kw_only=True):
    """Its incidents are seen by every agent again."""

    team: UUID
    name: str
    by: str
    at: datetime


@fact("team.mail_set.v1")
class TeamMailSet(Fact, frozen=True, kw_only=True):
    """Its answers go out so from now on: mailbox of ours, name, signatures. What is empty is as without a team."""

    team: UUID
    name: str
    mailbox: str = ""
    sender: str = ""
    signature_es: str = ""
    signature_en: str = ""
    by: str
    at: datetime


@fact("team.retired.v1")
class TeamRetired(Fact, frozen=True, kw_only=True):
    """Nothing more is given to it. What it had keeps its name."""

    team: UUID
    name: str
    by: str
    at: datetime
