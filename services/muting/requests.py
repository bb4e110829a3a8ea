"""What an agent, or who reads an address, can ask about it. Run by `services/commands.py`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.address import MuteReason
from services.request import Request


class Unmute(Request, frozen=True, kw_only=True):
    """Mail arrives there again. 409 where it is not muted; or, with `why`, for another reason since."""

    address: str
    why: str = ""


class MuteAgain(Request, frozen=True, kw_only=True):
    """What undoes that: muted, as it was. `address`: the keyed id."""

    address: UUID
    reason: MuteReason
    status: str
    interaction: UUID
    since: datetime


class Unsubscribe(Request, frozen=True, kw_only=True):
    """Its reader wants nothing automatic there. `address`: the keyed id; `interaction`: the mail of ours they had."""

    address: UUID
    interaction: UUID


class Resubscribe(Request, frozen=True, kw_only=True):
    """They want it again. Leaves a mute with another reason."""

    address: UUID


MuteRequest = Unmute | MuteAgain | Unsubscribe | Resubscribe
