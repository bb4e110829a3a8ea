"""Why a record is held in quarantine: the one list of reasons. docs/email.md says what each means and what to do.

And what the topic `quarantine` says of one.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class HeldReason(StrEnum):
    """The first five: it could not be handled. The last two: it could, but its sender is not genuine."""

    UNDECODABLE = "undecodable"
    UNPARSABLE = "unparsable"
    RAW_MISSING = "raw_missing"
    UNDECIDABLE = "undecidable"
    REFUSED_BY_THE_DATABASE = "refused_by_the_database"
    CLAIMS_A_CUSTOMER = "claims_a_customer"
    CLAIMS_AN_INCIDENT = "claims_an_incident"


class Announced(msgspec.Struct, frozen=True):
    """One held record. `topic`: where it came from and goes again; `bytes`: how large it is."""

    id: UUID
    channel: str
    topic: str
    received_at: datetime
    reason: str
    error: str
    bytes: int
