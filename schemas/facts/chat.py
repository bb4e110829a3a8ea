"""Facts of a chat session: asked for, taken, handed on, ended. What was said are interactions; these are not words."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.incident import Words
from schemas.facts.kind import Fact, Personal, fact


class MissedReason(StrEnum):
    """Why nobody came."""

    TIMEOUT = "timeout"
    NOBODY_AVAILABLE = "nobody_available"


class Caller(Personal, frozen=True, kw_only=True):
    """Who asks: the name they give, their first words, the mail address they gave (a claim)."""

    name: str = ""
    text: str = ""
    email: str = ""


@fact("chat.requested.v1")
class ChatRequested(Fact, frozen=True, kw_only=True):
    """A customer wrote and waits for a person. `interaction`: with these words; `mail`: the address they gave."""

    chat: UUID
    incident: UUID
    thread: UUID
    interaction: UUID
    address: UUID
    mail: UUID | None = None
    site: str = ""
    language: str = ""
    at: datetime
    personal: Caller | None = None


@fact("chat.accepted.v1")
class ChatAccepted(Fact, frozen=True, kw_only=True):
    """An agent talks with them now."""

    chat: UUID
    incident: UUID
    by: str
    at: datetime


@fact("chat.transferred.v1")
class ChatTransferred(Fact, frozen=True, kw_only=True):
    """Handed on: to an agent, who has it now, or to a team, whose queue it waits in."""

    chat: UUID
    incident: UUID
    to: str = ""
    team: str = ""
    by: str
    at: datetime


@fact("chat.closed.v1")
class ChatClosed(Fact, frozen=True, kw_only=True):
    """The conversation is over; `by` is empty when the customer ended it. `goodbye`: the agent's last words."""

    chat: UUID
    incident: UUID
    goodbye: UUID | None = None
    by: str = ""
    at: datetime


@fact("chat.missed.v1")
class ChatMissed(Fact, frozen=True, kw_only=True):
    """Nobody came. `by_mail`: it goes on there; else the customer is asked for an address. Names what a state needs."""

    chat: UUID
    incident: UUID
    thread: UUID
    interaction: UUID
    address: UUID
    reason: MissedReason
    by_mail: bool = False
    at: datetime


@fact("chat.email_given.v1")
class ChatEmailGiven(Fact, frozen=True, kw_only=True):
    """The customer says where to write to, a claim. Sealed with the chat's own key."""

    chat: UUID
    incident: UUID
    address: UUID
    mail: UUID
    at: datetime
    personal: Words | None = None
