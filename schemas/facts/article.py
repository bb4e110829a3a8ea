"""Facts of a knowledge article: its text, in one language, on its way from a draft to what readers find."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.kind import Fact, fact


class ArticleKind(StrEnum):
    """What sort of knowledge."""

    FAQ = "faq"
    HOW_TO = "how_to"
    KNOWN_ISSUE = "known_issue"
    RELEASE_NOTE = "release_note"
    CHECKLIST = "checklist"
    LEGAL = "legal"
    DOWNLOAD = "download"
    GUIDE = "guide"
    """Questions that lead to an article or to a person."""


class Audience(StrEnum):
    """Who may read it."""

    PUBLIC = "public"
    CUSTOMERS = "customers"
    """Customers of one of its products."""
    AGENTS = "agents"


@fact("article.drafted.v1")
class ArticleDrafted(Fact, frozen=True, kw_only=True):
    """Begun; nobody but agents sees it. `source`: the incident whose answer it was made of."""

    article: UUID
    kind: ArticleKind
    title: str
    body: str
    language: str
    source: UUID | None = None
    by: str
    at: datetime


@fact("article.draft_saved.v1")
class DraftSaved(Fact, frozen=True, kw_only=True):
    """The text as it is being worked on; readers go on seeing what was published, if anything was."""

    article: UUID
    title: str
    body: str
    by: str
    at: datetime


@fact("article.draft_dropped.v1")
class DraftDropped(Fact, frozen=True, kw_only=True):
    """What was being worked on is given up; the published text stands."""

    article: UUID
    by: str
    at: datetime


@fact("article.review_requested.v1")
class ReviewRequested(Fact, frozen=True, kw_only=True):
    """Somebody else is to read the draft."""

    article: UUID
    by: str
    at: datetime


@fact("article.review_declined.v1")
class ReviewDeclined(Fact, frozen=True, kw_only=True):
    """Back to its writers, with the reason."""

    article: UUID
    reason: str = ""
    by: str
    at: datetime


@fact("article.published.v1")
class ArticlePublished(Fact, frozen=True, kw_only=True):
    """It can be found and read: its first edition. `body` is Markdown, `language` a BCP 47 tag."""

    article: UUID
    kind: ArticleKind
    title: str
    body: str
    language: str
    by: str
    at: datetime


@fact("article.revised.v1")
class ArticleRevised(Fact, frozen=True, kw_only=True):
    """A new text for its readers: the next edition; what was being worked on is used up."""

    article: UUID
    title: str
    body: str
    by: str
    at: datetime


@fact("article.retired.v1")
class ArticleRetired(Fact, frozen=True, kw_only=True):
    """No longer found."""

    article: UUID
    by: str
    at: datetime


@fact("article.reinstated.v1")
class ArticleReinstated(Fact, frozen=True, kw_only=True):
    """Found again, as it was."""

    article: UUID
    by: str
    at: datetime
