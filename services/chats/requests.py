"""What can be asked of a chat: by agents, by its customer, by the clock. Run by `services/commands.py`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.chats.state import Chat
from services.request import Request


class AcceptChat(Request, frozen=True, kw_only=True):
    """I talk with them. One of several who ask at once gets it."""

    chat: UUID


class TransferChat(Request, frozen=True, kw_only=True):
    """To an agent who is available (`to`), or into the queue of a team."""

    chat: UUID
    to: str = ""
    team: str = ""


class TakeBackTransfer(Request, frozen=True, kw_only=True):
    """Not handed on after all. `was`: how it stood, and `left` since; only of what undoes something."""

    chat: UUID
    was: Chat
    left: Chat


class CloseChat(Request, frozen=True, kw_only=True):
    """It is over. `goodbye`: last words to the customer, an answer like any other. `by` empty: the customer left."""

    chat: UUID
    goodbye: str = ""


class MissChat(Request, frozen=True, kw_only=True):
    """Nobody came for so long."""

    chat: UUID
    patience: timedelta


class LeaveEmail(Request, frozen=True, kw_only=True):
    """The customer says where to write to."""

    chat: UUID
    thread: UUID
    email: str


ChatRequest = AcceptChat | TransferChat | TakeBackTransfer | CloseChat | MissChat | LeaveEmail
