"""Facts of words that mean the same to who searches."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


@fact("synonyms.set.v1")
class SynonymsSet(Fact, frozen=True, kw_only=True):
    """Whoever searches one of these finds what says another. Replaces the group as it was. `language`: of the words."""

    synonyms: UUID
    words: tuple[str, ...]
    language: str
    by: str
    at: datetime


@fact("synonyms.removed.v1")
class SynonymsRemoved(Fact, frozen=True, kw_only=True):
    """They don't mean the same after all."""

    synonyms: UUID
    by: str
    at: datetime
