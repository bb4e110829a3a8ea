"""What an agent can ask of a call. Made by the API, run by `services/commands.py`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType

from schemas.interaction import Direction
from services.request import Request


class StartCall(Request, frozen=True, kw_only=True):
    """A call begins. Its id is made of `external_id` where there is one, else it is this request's.

    `phone`: as written, or `anonymous`. `incident`: its number, when the agent knows what the call is about; `fresh`:
    they know that it is about nothing there is yet; `subject`: what that is. `callback`: the wish it answers; then its
    number is called.
    """

    direction: Direction
    phone: str = ""
    external_id: str = ""
    incident: int | None = None
    fresh: bool = False
    subject: str = ""
    callback: UUID | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None


class ChangeCall(Request, frozen=True, kw_only=True):
    """What happened to a call; None leaves that alone. All of it or, with ConflictError, nothing.

    `apart`: what was logged and what was reported are two calls after all.
    `was`: attach it only where it is still attached to that one; what undoes something asks it.
    """

    call: UUID
    answered_at: datetime | None = None
    held: bool | None = None
    ended_at: datetime | None = None
    notes: str | None = None
    outcome: str | None = None
    incident: int | None = None
    apart: bool = False
    was: int | UnsetType = UNSET


CallRequest = StartCall | ChangeCall
