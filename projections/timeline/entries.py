"""How the lines of a timeline are read: what a page begins behind, the columns, the entry that is made of a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import sql

from projections.page import Page, page_of
from projections.timeline.shape import Checked, Entry, File, Returned
from schemas.bounces import bounce_reason
from schemas.interaction import Channel


class After(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: behind this entry."""

    occurred_at: datetime = datetime(1, 1, 2, tzinfo=UTC)
    position: int = 0


BEFORE_ANY = After(datetime(9999, 1, 1, tzinfo=UTC))


class Line(msgspec.Struct, frozen=True):
    """A row, as LINES reads it. `number`: its own incident's, where several are read as one."""

    id: UUID
    position: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    incident: UUID | None
    channel: str | None
    direction: str | None
    sender: str
    sender_name: str
    recipients: list[str]
    subject: str
    text: str
    html: str
    attachments: list[dict[str, Any]]
    author: str | None
    fact: str
    reason: str | None
    delivery: str | None
    held_until: datetime | None = None
    labels: list[str] = []
    details: dict[str, str] = {}
    checks: dict[str, Any] = {}
    returned: str = ""
    complained: bool = False
    raw: bool = False
    number: int | None = None


LINES = sql.SQL(
    "SELECT id, position, kind, occurred_at, recorded_at, incident, channel, direction, sender, sender_name,"
    " recipients, subject, text, html, attachments, author, fact, reason, delivery, held_until, labels,"
    " details, checks, returned, complained, raw <> '' AS raw FROM entries"
)
TOLD = sql.SQL(  # the customer: an answer still held, or taken back, is nobody's but ours
    "delivery IS DISTINCT FROM 'withdrawn' AND (held_until IS NULL OR held_until <= clock_timestamp())"
)


def oldest_first(lines: Sequence[Line], most: int, numbers: dict[UUID, int]) -> Page[Entry]:
    """The page of lines that were read newest first."""
    kept, earlier = page_of(lines, most, lambda line: After(line.occurred_at, line.position))
    return Page([entry(line, numbers) for line in reversed(kept)], earlier)


def entry(line: Line, numbers: dict[UUID, int]) -> Entry:
    """As it is shown. `numbers`: those under which incidents are read."""
    interaction = line.id if line.kind == "interaction" else None
    note = line.id if line.kind == "note" else None
    return Entry(
        position=line.position,
        kind=line.kind,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        incident=numbers.get(line.incident) if line.incident else None,
        interaction_id=interaction,
        channel=line.channel,
        direction=line.direction,
        sender=line.sender or None,
        to=line.recipients,
        author=line.author or line.sender_name or None,
        text=line.text,
        html=bool(line.html),
        attachments=[
            File(
                kept["name"],
                kept["bytes"],
                kept["media_type"],
                f"/api/v1/interactions/{line.id}/attachments/{n}",
                kept.get("inline", False),
            )
            for n, kept in enumerate(line.attachments)
        ],
        fact=line.fact,
        reason=line.reason,
        delivery=_delivery(line),
        subject=line.subject,
        note_id=note,
        held_until=line.held_until if line.delivery == "queued" else None,
        original=line.raw,
        own_number=line.number,
        labels=line.labels,
        details=line.details,
        checks=msgspec.convert(line.checks, Checked) if line.checks else None,
        returned=_returned(line),
        complained=line.complained,
    )


def _returned(line: Line) -> Returned | None:
    if line.delivery not in {"bounced", "delayed"} or (line.delivery == "delayed" and not line.returned):
        return None
    return Returned(bounce_reason(line.returned).value, line.returned)


def _delivery(line: Line) -> str | None:
    """A held answer that only the status page shows has arrived once it is no longer held."""
    released = line.held_until is not None and line.held_until <= datetime.now(UTC)
    on_page = line.channel not in {Channel.EMAIL, Channel.CHAT}
    return "sent" if line.delivery == "queued" and released and on_page else line.delivery
