"""What an agent can ask of a muted address. Run by `services/commands.py`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.address import MuteReason
from services.request import Request


class Unmute(Request, frozen=True, kw_only=True):
    """Mail arrives there again. 409 where it is not muted."""

    address: str


class MuteAgain(Request, frozen=True, kw_only=True):
    """What undoes that: muted, as it was. `address`: the keyed id."""

    address: UUID
    reason: MuteReason
    status: str
    interaction: UUID
    since: datetime


MuteRequest = Unmute | MuteAgain
