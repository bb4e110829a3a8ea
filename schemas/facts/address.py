"""Facts of an address, whoever's it is: whether what we send by ourselves still goes there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.kind import Fact, fact


class MuteReason(StrEnum):
    """Why nothing automatic is sent there: our mail came back for good, its reader called it spam or wants none."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    ASKED = "asked"


@fact("address.muted.v1")
class AddressMuted(Fact, frozen=True, kw_only=True):
    """Nothing automatic is sent there any more. `interaction`: the mail of ours that tells; `status`: RFC 3463.

    `by`: who muted it again, after it was not.
    """

    address: UUID
    reason: MuteReason
    interaction: UUID
    status: str = ""
    since: datetime
    by: str = ""
    at: datetime


@fact("address.unmuted.v1")
class AddressUnmuted(Fact, frozen=True, kw_only=True):
    """An agent says that mail arrives there again; or its reader (`by` empty) wants it again."""

    address: UUID
    by: str
    at: datetime
