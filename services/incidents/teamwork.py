"""What agents do beside answering: call each other in, put files to a note, link articles, take a reply back. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from schemas.errors import ConflictError
from schemas.facts import Fact
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentReopened,
    IncidentResolved,
    InteractionLinked,
    Status,
)
from schemas.facts.interaction import InteractionHeld, InteractionWithdrawn
from schemas.facts.teamwork import (
    AgentsMentioned,
    ArticleLinked,
    ArticleUnlinked,
    Files,
    NoteFilesAdded,
    ReplyWithdrawn,
)
from schemas.facts.undone import IncidentRestored
from schemas.interaction import Attachment, Direction
from schemas.lifecycle import next_status
from services.incidents.requests import LinkArticle, Note, UnlinkArticle, Withdraw
from services.incidents.state import Incident, IncidentFact

HOLD_MAX_SECONDS = 120

_MENTION = re.compile(r"(?<![\w.@+-])@([A-Za-z0-9][A-Za-z0-9._@+-]{0,63})")

_ARTICLE = re.compile(r"/articles/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")


def named_articles(text: str) -> list[UUID]:
    """Articles whose addresses stand in the words, each once."""
    return list(dict.fromkeys(UUID(name) for name in _ARTICLE.findall(text)))


def called(text: str) -> set[str]:
    """The names after an `@`, as login names are kept; who of them is a user, the caller knows."""
    found = {name.lower() for name in _MENTION.findall(text)}
    return found | {name.rstrip(".") for name in found}  # the end of a sentence is not part of the name


def beside_note(
    incident: Incident, request: Note, agents: Collection[str], files: Sequence[Attachment]
) -> list[IncidentFact]:
    """What goes with a note: users it calls, files."""
    facts: list[IncidentFact] = []
    if agents:
        facts.append(
            AgentsMentioned(
                incident=incident.id, note=request.id, agents=tuple(sorted(agents)), by=request.by, at=request.now
            )
        )
    if files:
        facts.append(
            NoteFilesAdded(
                incident=incident.id,
                note=request.id,
                address=incident.address,
                by=request.by,
                at=request.now,
                personal=Files(attachments=tuple(files)),
            )
        )
    return facts


def link_article(incident: Incident, request: LinkArticle) -> list[IncidentFact]:
    """Linked once."""
    if request.article in incident.articles:
        return []
    return [ArticleLinked(incident=incident.id, article=request.article, by=request.by, at=request.now)]


def unlink_article(incident: Incident, request: UnlinkArticle) -> list[IncidentFact]:
    """Taken off, where it was."""
    if request.article not in incident.articles:
        return []
    return [ArticleUnlinked(incident=incident.id, article=request.article, by=request.by, at=request.now)]


def refuse_left(link: InteractionLinked, sent: Sequence[Fact], now: datetime) -> None:
    """Raise ConflictError for what is not held. `sent`: the facts of its own stream; `now`: the database's."""
    if link.direction is not Direction.OUT:
        raise ConflictError("only what we sent can be taken back", field="interaction")
    if not any(isinstance(fact, InteractionHeld) and now < fact.until for fact in sent):
        raise ConflictError("it has left already", field="interaction")
    if any(isinstance(fact, InteractionWithdrawn) for fact in sent):
        raise ConflictError("it was taken back already", field="interaction")


def withdraw(link: InteractionLinked, before: Status, since: Sequence[Fact], request: Withdraw) -> list[Fact]:
    """Take a reply back. `since`: the facts of its incident, from it on or earlier; `before`: how it stood then."""
    status, replies = _without(link.interaction, before, since)
    return [
        InteractionWithdrawn(interaction=link.interaction, by=request.by, at=request.now),
        ReplyWithdrawn(
            incident=link.incident,
            interaction=link.interaction,
            channel=link.channel,
            status=status,
            replied_at=link.at,
            next_reply_at=next((at for at in replies if at >= link.at), None),
            by=request.by,
            at=request.now,
        ),
    ]


def _without(reply: UUID, status: Status, since: Sequence[Fact]) -> tuple[Status, list[datetime]]:
    """An incident's status as if this reply and all that were taken back had not been; the times of the others."""
    gone = {reply} | {fact.interaction for fact in since if isinstance(fact, ReplyWithdrawn)}
    undecided, replies = status, list[datetime]()
    for fact in since:
        match fact:
            case ReplyWithdrawn():
                continue
            case InteractionLinked() if fact.interaction in gone:
                continue
            case IncidentRestored():
                status = undecided
                continue
            case IncidentAssigned() | IncidentResolved() | IncidentClosed() | IncidentReopened():
                undecided = status
            case InteractionLinked(direction=Direction.OUT, by=str(by)) if by:
                replies.append(fact.at)
            case _:
                pass
        status = next_status(status, fact)
    return status, replies
