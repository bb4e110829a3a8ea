"""Facts of a link that was asked for: the list of somebody's requests, by mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


@fact("link.mailed.v1")
class LinkMailed(Fact, frozen=True, kw_only=True):
    """A customer asked for their requests; the link goes to the mailbox they gave, which proves it when it is used."""

    link: UUID
    customer: UUID
    address: UUID
    language: str = ""
    until: datetime
    at: datetime
