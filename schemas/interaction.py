"""The normalized interaction: what every channel turns a contact into and puts on the log `interactions`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import msgspec


class Channel(StrEnum):
    """Where a contact came in. One module of `channels/` each."""

    FORM = "form"
    EMAIL = "email"
    CHAT = "chat"
    PHONE = "phone"
    IN_PERSON = "in_person"


class Direction(StrEnum):
    """Towards us, or from us."""

    IN = "in"
    OUT = "out"


class Automatic(StrEnum):
    """Mail that no person wrote. It attaches, but neither opens nor reopens.

    Of a mail of ours: it came back, it is still on its way, its reader calls it spam (RFC 5965).
    `list`: perhaps somebody wrote it, by way of a list or to many. It reopens nothing, but is a contact like any other.
    """

    REPLY = "reply"
    LIST = "list"
    BOUNCE = "bounce"
    DELAY = "delay"
    COMPLAINT = "complaint"


class Label(StrEnum):
    """What a message is besides its words, for people to know at a glance. Screens have the words: pages/words.py."""

    ENCRYPTED = "encrypted"
    SIGNED = "signed"
    INVITATION = "invitation"
    INVITATION_CHANGED = "invitation_changed"
    INVITATION_CANCELLED = "invitation_cancelled"
    INVITATION_ANSWERED = "invitation_answered"
    FORWARDED = "forwarded"  # by one of our own people, who stands in `details`
    VIA_LIST = "via_list"
    ON_BEHALF = "on_behalf"
    REPLY_ELSEWHERE = "reply_elsewhere"
    SEVERAL_AUTHORS = "several_authors"
    NAME_IS_ADDRESS = "name_is_address"
    NAME_IS_OURS = "name_is_ours"
    HIDDEN_CHARACTERS = "hidden_characters"
    LINK_ELSEWHERE = "link_elsewhere"  # its words name another host than it leads to
    INCOMPLETE = "incomplete"  # more came than is read at once: the original has it


class Authentication(StrEnum):
    """What is known of a mail's sender. Only `fail` withholds proof."""

    PASS = "pass"  # noqa: S105 -- RFC 8601 result name
    NONE = "none"
    TEMPERROR = "temperror"
    FAIL = "fail"


class Checks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found out about a mail's sender, and by whom: results as RFC 8601 names them, empty where nobody looked.

    `by`: the border server that says so; empty: we looked ourselves. `domain`: of the From address.
    `aligned`: a domain that passed is the sender's own (RFC 7489 §3.1).
    """

    by: str = ""
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    domain: str = ""
    aligned: bool = False


class Party(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody at one end. `proven`: this very interaction shows that the address is theirs."""

    address: str
    name: str = ""
    proven: bool = False


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file kept in the blob store under `blob`. `inline`: it stands within the words, as a picture does."""

    name: str
    bytes: int
    media_type: str
    blob: str
    inline: bool = False


class Window(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a customer wants to be called; `time_zone` is the one they think in."""

    since: datetime
    until: datetime
    time_zone: str


class Hints(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the channel knows about where an interaction belongs.

    `thread_signed`: the interaction came with our verified token for its `thread`.
    Message ids stand without angle brackets.
    """

    thread_signed: bool = False
    message_id: str = ""
    references: tuple[str, ...] = ()
    subject_number: int | None = None
    session: UUID | None = None
    call: UUID | None = None
    incident: UUID | None = None  # an agent said so
    fresh: bool = False  # an agent said that it belongs to nothing there is
    callback: Window | None = None
    automatic: Automatic | None = None
    about: UUID | None = None  # a bounce: the outgoing interaction it speaks of
    product: str = ""


class Interaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="interaction", tag_field="kind"):
    """One inbound message or call, normalized. Plain transport: it is sealed when it becomes a fact.

    `thread` is what a customer's link shows: its own id, or the thread of the token it came with.
    `contact` is what reports count: the form, mail, call, visit, or the whole chat session.
    `recipients`: the other people it was sent to, no mailbox of ours.
    `claims`: further addresses the sender gave (a chat's email, a visitor's number); proven only by an agent's word.
    `html`, `raw`: blob ids. `details`: channel's own facts, for people to read.
    """

    id: UUID
    channel: Channel
    sender: Party
    recipients: tuple[Party, ...] = ()
    claims: tuple[Party, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    raw: str = ""
    attachments: tuple[Attachment, ...] = ()
    thread: UUID
    contact: UUID
    occurred_at: datetime
    received_at: datetime
    language: str = ""
    labels: tuple[Label, ...] = ()
    authentication: Authentication = Authentication.NONE
    checks: Checks | None = None
    hints: Hints = Hints()
    details: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    by: str = ""  # the user who entered it, where one did (phone, in person)


class CallSignalKind(StrEnum):
    """What a telephone system says about a call."""

    STARTED = "started"
    ANSWERED = "answered"
    ENDED = "ended"


class CallSignal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="call_signal", tag_field="kind"):
    """One signal of a telephone system, on the log `interactions` like any contact."""

    id: UUID
    call: UUID
    signal: CallSignalKind
    line: str
    direction: Direction
    party: Party
    agent: str = ""
    rings_at: tuple[str, ...] = ()  # users; nobody named: everybody
    outcome: str = ""
    occurred_at: datetime
    received_at: datetime


class RawMail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A mail as it came, on the log `mail`. Exactly one of `raw` (≤ 64 KiB) and `blob` is set.

    `source`: `smtp`, `lmtp`, `imap:<mailbox>`, `import`. `mailbox`: the address of ours it was for.
    """

    id: UUID
    source: str
    mailbox: str
    envelope_from: str
    envelope_to: tuple[str, ...]
    peer: str = ""
    raw: bytes = b""
    blob: str = ""
    size: int
    received_at: datetime


Intake: TypeAlias = Interaction | CallSignal
