"""Why a record is held in quarantine: the one list of reasons. docs/email.md says what each means and what to do."""

from __future__ import annotations

from enum import StrEnum


class HeldReason(StrEnum):
    """The first five: it could not be handled. The last two: it could, but its sender is not genuine."""

    UNDECODABLE = "undecodable"
    UNPARSABLE = "unparsable"
    RAW_MISSING = "raw_missing"
    UNDECIDABLE = "undecidable"
    REFUSED_BY_THE_DATABASE = "refused_by_the_database"
    CLAIMS_A_CUSTOMER = "claims_a_customer"
    CLAIMS_AN_INCIDENT = "claims_an_incident"
