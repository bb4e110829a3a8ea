"""The rows of a timeline and the lines that facts write into it: who did what, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from schemas.facts.chat import ChatAccepted, ChatClosed, ChatMissed, ChatTransferred
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
    InteractionUnlinked,
    MergeSuggested,
    ParticipantAdded,
)
from schemas.facts.teamwork import ArticleLinked, ArticleUnlinked, NoteFilesAdded, ReplyWithdrawn
from schemas.facts.undone import ChatTransferUndone, IncidentRestored
from schemas.ids import uuid_of
from schemas.interaction import Attachment

LineFact: TypeAlias = (
    IncidentOpened
    | IncidentAssigned
    | IncidentTeamAssigned
    | IncidentSnoozed
    | IncidentWoken
    | IncidentPrioritized
    | IncidentTagged
    | IncidentResolved
    | IncidentClosed
    | IncidentReopened
    | IncidentRated
    | IncidentMerged
    | IncidentUnmerged
    | InteractionUnlinked
    | ParticipantAdded
    | MergeSuggested
    | ChatAccepted
    | ChatTransferred
    | ChatClosed
    | ChatMissed
    | ArticleLinked
    | ArticleUnlinked
    | ReplyWithdrawn
    | IncidentRestored
    | ChatTransferUndone
)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class EntryRow(msgspec.Struct, frozen=True):
    """A row of `entries`."""

    id: UUID
    position: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    incident: UUID | None = None
    thread: UUID | None = None
    channel: str | None = None
    direction: str | None = None
    address: UUID | None = None
    sender: str = ""
    sender_name: str = ""
    recipients: list[str] = []
    subject: str = ""
    text: str = ""
    html: str = ""
    raw: str = ""
    attachments: list[dict[str, Any]] = []
    author: str | None = None
    fact: str = "InteractionReceived"
    reason: str | None = None
    delivery: str | None = None
    held_until: datetime | None = None
    labels: list[str] = []
    details: dict[str, str] = {}
    checks: dict[str, Any] = {}
    returned: str = ""
    complained: bool = False


def blank_interaction(interaction: UUID) -> EntryRow:
    """An interaction of which nothing is known but its id."""
    return EntryRow(interaction, 0, "interaction", _NEVER, _NEVER)


def line_id(event: Recorded) -> UUID:
    """The key of a fact's line: its position, told from any interaction's or note's id by its leading zeros."""
    return uuid_of(event.position.to_bytes(16, "big"))


def note(fact: IncidentNoted, event: Recorded) -> EntryRow:
    """An internal note."""
    return EntryRow(
        fact.note,
        event.position,
        "note",
        fact.at,
        event.recorded_at,
        incident=fact.incident,
        address=fact.address,
        text=fact.personal.text if fact.personal else "",
        author=fact.by,
        fact="IncidentNoted",
    )


def noted_files(row: EntryRow, fact: NoteFilesAdded, _: Recorded) -> EntryRow:
    """The files of a note."""
    return replace(row, attachments=kept_files(fact.personal.attachments if fact.personal else ()))


def kept_files(attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """Attachments as a row holds them."""
    return [
        {"name": kept.name, "bytes": kept.bytes, "media_type": kept.media_type, "blob": kept.blob}
        | ({"inline": True} if kept.inline else {})
        for kept in attachments
    ]


def fact_line(row: EntryRow, fact: LineFact, event: Recorded) -> EntryRow:
    """A line for a fact. Its text is data (who, which, what), never a sentence: screens have languages."""
    author = getattr(fact, "by", "")
    return replace(
        row,
        position=event.position,
        kind="fact",
        occurred_at=fact.at,
        recorded_at=event.recorded_at,
        incident=fact.incident,
        address=_sealed_by(fact),
        text=_words(fact),
        author=author or None,
        fact=type(fact).__name__,
        reason=_reason(fact),
    )


def _words(fact: LineFact) -> str:  # noqa: C901, PLR0911, PLR0912 -- a table, a row a return
    match fact:
        case IncidentOpened():
            return fact.personal.subject if fact.personal else ""
        case IncidentAssigned():
            return fact.to or ""
        case IncidentTeamAssigned():
            return fact.team or ""
        case IncidentSnoozed():
            return fact.until.isoformat() if fact.until else ""
        case IncidentPrioritized():
            return fact.priority.value
        case IncidentTagged():
            return " ".join([*(f"+{tag}" for tag in fact.added), *(f"-{tag}" for tag in fact.removed)])
        case IncidentResolved():
            return "\n".join(filter(None, (fact.personal.solution, fact.personal.cause))) if fact.personal else ""
        case IncidentReopened():
            return fact.personal.text if fact.personal else ""
        case IncidentRated():
            # erased, the line says nothing more: as the erasure of a live row leaves it
            return f"{fact.score}/5 {fact.personal.text}".strip() if fact.personal else ""
        case ParticipantAdded():
            return fact.personal.text if fact.personal else ""
        case ChatTransferred():
            return fact.to or fact.team
        case IncidentRestored():
            return fact.undone.value
        case ChatTransferUndone():
            return fact.agent or fact.team
        case ChatAccepted() | ChatClosed() | ChatMissed():
            return ""
        case ArticleLinked() | ArticleUnlinked():
            return str(fact.article)
        case (
            IncidentWoken()
            | IncidentClosed()
            | IncidentMerged()
            | IncidentUnmerged()
            | InteractionUnlinked()
            | MergeSuggested()
            | ReplyWithdrawn()
        ):
            return ""


def _sealed_by(fact: LineFact) -> UUID | None:
    match fact:
        case IncidentOpened() | IncidentResolved() | IncidentReopened() | IncidentRated() | ParticipantAdded():
            return fact.address
        case _:
            return None


def _reason(fact: LineFact) -> str | None:
    match fact:
        case IncidentMerged() | MergeSuggested():
            return fact.reason.value
        case ChatMissed():
            return fact.reason.value
        case _:
            return None
