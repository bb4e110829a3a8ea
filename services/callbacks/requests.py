"""What an agent can ask of a call-me-back. Made by the API and the pages, run by `services/commands.py`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType

from services.callbacks.state import Standing
from services.request import Request


class TakeCallback(Request, frozen=True, kw_only=True):
    """I see to it."""

    callback: UUID


class ReleaseCallback(Request, frozen=True, kw_only=True):
    """Somebody else may. `was`, `whose`: only while it still stands so; what undoes something asks it."""

    callback: UUID
    was: Standing | UnsetType = UNSET
    whose: str | UnsetType = UNSET


class RescheduleCallback(Request, frozen=True, kw_only=True):
    """Another window. `was`: only while it still begins then; what undoes something asks it."""

    callback: UUID
    since: datetime
    until: datetime
    was: datetime | UnsetType = UNSET


class FinishCallback(Request, frozen=True, kw_only=True):
    """They were called back, by this call if one of ours."""

    callback: UUID
    call: UUID | None = None


class CancelCallback(Request, frozen=True, kw_only=True):
    """No call any more."""

    callback: UUID
    reason: str = ""


CallbackRequest = TakeCallback | ReleaseCallback | RescheduleCallback | FinishCallback | CancelCallback
