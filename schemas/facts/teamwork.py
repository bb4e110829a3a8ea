"""Facts that agents make beside answering: who is called in, files of notes, articles, a reply taken back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.incident import Status
from schemas.facts.kind import Fact, Personal, fact
from schemas.interaction import Attachment, Channel


class Files(Personal, frozen=True, kw_only=True):
    """Files and what they are called."""

    attachments: tuple[Attachment, ...] = ()


@fact("incident.agents_mentioned.v1")
class AgentsMentioned(Fact, frozen=True, kw_only=True):
    """A note calls these users by name."""

    incident: UUID
    note: UUID
    agents: tuple[str, ...]
    by: str
    at: datetime


@fact("incident.note_files_added.v1")
class NoteFilesAdded(Fact, frozen=True, kw_only=True):
    """Files go with a note. Sealed with the key of the customer it is about."""

    incident: UUID
    note: UUID
    address: UUID
    by: str
    at: datetime
    personal: Files | None = None


@fact("incident.article_linked.v1")
class ArticleLinked(Fact, frozen=True, kw_only=True):
    """An article has to do with this."""

    incident: UUID
    article: UUID
    by: str
    at: datetime


@fact("incident.article_unlinked.v1")
class ArticleUnlinked(Fact, frozen=True, kw_only=True):
    """It hasn't after all."""

    incident: UUID
    article: UUID
    by: str
    at: datetime


@fact("incident.reply_withdrawn.v1")
class ReplyWithdrawn(Fact, frozen=True, kw_only=True):
    """A reply that had not left was taken back: the incident is as if it had not been.

    `status`: what it is without it. `replied_at`: of the one taken back, `next_reply_at`: of the next one that stands.
    """

    incident: UUID
    interaction: UUID
    channel: Channel
    status: Status
    replied_at: datetime
    next_reply_at: datetime | None = None
    by: str
    at: datetime
