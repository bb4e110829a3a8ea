"""Facts of a telephone line: which telephone system may tell us of its calls. Never the key itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact
from schemas.ids import scoped_id


@fact("line.created.v1")
class LineCreated(Fact, frozen=True, kw_only=True):
    """A telephone system may come in as `name`."""

    line: UUID  # line_id(name)
    name: str
    by: str
    at: datetime


@fact("line.key_renewed.v1")
class LineKeyRenewed(Fact, frozen=True, kw_only=True):
    """It has another key, and may come in again if it was revoked; the old key opens nothing."""

    line: UUID
    name: str
    by: str
    at: datetime


@fact("line.revoked.v1")
class LineRevoked(Fact, frozen=True, kw_only=True):
    """Its key opens nothing any more."""

    line: UUID
    name: str
    by: str
    at: datetime


def line_id(name: str) -> UUID:
    """The stream of a line."""
    return scoped_id("line", name)
