"""What a timeline shows: entries, as SURFACE states them. Filled by read.py, rendered by pages and API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class File(msgspec.Struct, frozen=True):
    """An attachment, to be fetched at `url`. `inline`: it stands within the words."""

    name: str
    bytes: int
    media_type: str
    url: str
    inline: bool = False


class Checked(msgspec.Struct, frozen=True):
    """What is known of a mail's sender: `result` weighs the rest, which schemas.interaction.Checks explains."""

    result: str
    by: str = ""
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    domain: str = ""
    aligned: bool = False


class Returned(msgspec.Struct, frozen=True):
    """Why a mail of ours came back, or waits. `reason`: schemas.bounces.BounceReason; `status`: RFC 3463."""

    reason: str
    status: str


class Entry(msgspec.Struct, frozen=True):
    """One line of a timeline: an interaction, an internal note, or a fact.

    `sender` stands as `from`. `incident` is the number as read now, through merges.
    `html`: the interaction has an HTML part (`html_blob`). `author`: the user who did it, or the sender's name.
    `held_until`: a reply can be withdrawn so long. `original`: the raw mail is kept.
    `own_number`: of the incident it is in by itself, merged or not. `labels`: schemas.interaction.Label.
    `details`: what its channel knows besides, by name: `reply_to`, `sent_by`, `list`, `forwarded_by`, …
    `checks`: of a mail that came in. `returned`: of ours that came back or waits; `complained`: was called spam.
    """

    position: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    incident: int | None
    interaction_id: UUID | None
    channel: str | None
    direction: str | None
    sender: str | None = msgspec.field(name="from")
    to: list[str]
    author: str | None
    text: str
    html: bool
    attachments: list[File]
    fact: str
    reason: str | None
    delivery: str | None
    subject: str = ""
    note_id: UUID | None = None
    held_until: datetime | None = None
    original: bool = False
    own_number: int | None = None
    labels: list[str] = []
    details: dict[str, str] = {}
    checks: Checked | None = None
    returned: Returned | None = None
    complained: bool = False


class Thread(msgspec.Struct, frozen=True):
    """What a customer's link shows: only the interactions of its thread. `incident`: where the newest of them is."""

    incident: UUID | None
    number: int | None
    items: list[Entry]
    next_cursor: str | None = None


class StoredFile(msgspec.Struct, frozen=True):
    """An attachment as kept: `blob` is its id in the blob store."""

    name: str
    bytes: int
    media_type: str
    blob: str


class Original(msgspec.Struct, frozen=True):
    """An interaction as it came: `html` and `raw` are blob ids, empty where there is none."""

    channel: str | None
    sender: str
    subject: str
    text: str
    html: str
    raw: str
    occurred_at: datetime
