"""Facts of a self-service visit: what somebody looked for before, or instead of, asking us. Anonymous."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


@fact("visit.searched.v2")
class Searched(Fact, frozen=True, kw_only=True):
    """Words looked for, articles found (best first). `found`: how many, also where nobody said which."""

    visit: UUID
    query: str
    results: tuple[UUID, ...] = ()
    found: int = 0
    at: datetime


@fact("visit.opened.v1")
class ArticleOpened(Fact, frozen=True, kw_only=True):
    """An article was read. `suggested`: it had been suggested in this visit."""

    visit: UUID
    article: UUID
    suggested: bool = False
    at: datetime


@fact("visit.suggested.v1")
class ArticleSuggested(Fact, frozen=True, kw_only=True):
    """An article was offered while somebody typed."""

    visit: UUID
    article: UUID
    at: datetime


@fact("visit.voted.v1")
class ArticleVoted(Fact, frozen=True, kw_only=True):
    """Did it help?"""

    visit: UUID
    article: UUID
    helpful: bool
    at: datetime


@fact("visit.contact_started.v1")
class ContactStarted(Fact, frozen=True, kw_only=True):
    """Somebody began to write to us."""

    visit: UUID
    at: datetime


@fact("visit.contact_sent.v1")
class ContactSent(Fact, frozen=True, kw_only=True):
    """It ended in contact, after reading `articles`."""

    visit: UUID
    articles: tuple[UUID, ...] = ()
    interaction: UUID | None = None
    at: datetime


@fact("visit.solved.v1")
class VisitSolved(Fact, frozen=True, kw_only=True):
    """They say it is solved."""

    visit: UUID
    at: datetime
