"""Facts of what the knowledge base lacks: a question that no article answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


@fact("gap.noticed.v1")
class GapNoticed(Fact, frozen=True, kw_only=True):
    """Nothing answers this. `incident`: where it was asked."""

    gap: UUID
    words: str
    language: str = ""
    incident: UUID | None = None
    by: str
    at: datetime


@fact("gap.filled.v1")
class GapFilled(Fact, frozen=True, kw_only=True):
    """This article answers it."""

    gap: UUID
    article: UUID
    by: str
    at: datetime


@fact("gap.dismissed.v1")
class GapDismissed(Fact, frozen=True, kw_only=True):
    """It needs no article."""

    gap: UUID
    by: str
    at: datetime


@fact("gap.reopened.v1")
class GapReopened(Fact, frozen=True, kw_only=True):
    """It was filled or dismissed too soon."""

    gap: UUID
    by: str
    at: datetime
