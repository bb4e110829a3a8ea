"""The tables of the knowledge-usage figures: visits as told, and what is counted of them a quarter-hour."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from projections.projection import Table


class VisitRow(msgspec.Struct, frozen=True):
    """A row of `usage_visits`. `contact_step`: the place in the trail of what was contact in time."""

    visit: UUID
    began: datetime | None
    quarter: datetime | None
    last_at: datetime | None
    surface: str
    language: str
    product: str
    looked: bool
    contact_step: int | None
    outcome: str
    trail: list[dict[str, Any]]


class ArticleRow(msgspec.Struct, frozen=True):
    """A row of `usage_articles`. `shelf`: the first level of its category. `heat`: see placement.py."""

    article: UUID
    language: str
    shelf: str
    heat: float


class LinkRow(msgspec.Struct, frozen=True):
    """A row of `usage_links`: an article that agents used for an incident."""

    article: UUID
    incident: UUID
    linked: bool
    at: datetime | None


class ThresholdRow(msgspec.Struct, frozen=True):
    """A row of `usage_thresholds`."""

    name: str
    value: int


class CountedRow(msgspec.Struct, frozen=True):
    """A row of `usage_counted`: what is counted of a visit."""

    visit: UUID
    began: datetime
    quarter: datetime
    surface: str
    language: str
    product: str
    visits: int
    looked: int
    contacts: int
    contacts_after_looking: int
    solved: int
    abandoned: int
    searches: int
    zero_searches: int
    views: int
    seconds: int
    timed: int
    suggested: int
    suggestion_opened: int
    helpful: int
    unhelpful: int
    downloads: int


class ReadRow(msgspec.Struct, frozen=True):
    """A row of `usage_reads`: what is counted of a visit with an article."""

    article: UUID
    visit: UUID
    began: datetime
    day: date
    surface: str
    views: int
    readers: int
    helpful: int
    unhelpful: int
    suggested: int
    suggestion_opened: int
    contacts_after: int
    seconds: int
    timed: int
    downloads: int


class SearchRow(msgspec.Struct, frozen=True):
    """A row of `usage_searches`. `results`: those shown; `next`: opened, searched, contact, solved, or left."""

    visit: UUID
    place: int
    began: datetime
    day: date
    surface: str
    language: str
    product: str
    phrase: str
    found: int
    results: list[UUID]
    next: str
    next_article: UUID | None


class VisitCounts(msgspec.Struct, frozen=True):
    """A row of `usage_visit_counts`: the visits that began in a quarter-hour."""

    quarter: datetime
    surface: str
    language: str
    product: str
    visits: int
    looked: int
    contacts: int
    contacts_after_looking: int
    solved: int
    abandoned: int
    searches: int
    zero_searches: int
    views: int
    seconds: int
    timed: int
    suggested: int
    suggestion_opened: int
    helpful: int
    unhelpful: int
    downloads: int


class ArticleCounts(msgspec.Struct, frozen=True):
    """A row of `usage_article_counts`: one article in the visits that began on a day, UTC."""

    day: date
    article: UUID
    surface: str
    views: int
    readers: int
    helpful: int
    unhelpful: int
    suggested: int
    suggestion_opened: int
    contacts_after: int
    seconds: int
    timed: int
    downloads: int
    searches: int


class WordCounts(msgspec.Struct, frozen=True):
    """A row of `usage_word_counts`: one phrase in the visits that began on a day, UTC, and what came next."""

    day: date
    phrase: str
    surface: str
    language: str
    product: str
    searches: int
    zero: int
    opened: int
    searched: int
    contact: int
    solved: int


def _untold(visit: UUID) -> VisitRow:
    return VisitRow(visit, None, None, None, "", "", "", looked=False, contact_step=None, outcome="nothing", trail=[])


def _unlinked(key: tuple[UUID, UUID]) -> LinkRow:
    article, incident = key
    return LinkRow(article, incident, linked=False, at=None)


VISITS = Table("usage_visits", VisitRow, ("visit",), _untold)
ARTICLES = Table("usage_articles", ArticleRow, ("article",), lambda article: ArticleRow(article, "", "", 0.0))
LINKS = Table("usage_links", LinkRow, ("article", "incident"), _unlinked)
THRESHOLDS = Table("usage_thresholds", ThresholdRow, ("name",), lambda name: ThresholdRow(name, 0))

# what follows is settled from usage_visits (settle.py), never folded
COUNTED = Table("usage_counted", CountedRow, ("visit",))
READS = Table("usage_reads", ReadRow, ("visit", "article"))
SEARCHES = Table("usage_searches", SearchRow, ("visit", "place"))
VISIT_COUNTS = Table("usage_visit_counts", VisitCounts, ("quarter", "surface", "language", "product"))
ARTICLE_COUNTS = Table("usage_article_counts", ArticleCounts, ("day", "article", "surface"))
WORD_COUNTS = Table("usage_word_counts", WordCounts, ("day", "phrase", "surface", "language", "product"))
