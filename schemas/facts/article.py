"""Facts of a knowledge article."""

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


@fact("article.published.v1")
class ArticlePublished(Fact, frozen=True, kw_only=True):
    """It can be found and read. `body` is Markdown, `language` a BCP 47 tag."""

    article: UUID
    kind: ArticleKind
    title: str
    body: str
    language: str
    by: str
    at: datetime


@fact("article.revised.v1")
class ArticleRevised(Fact, frozen=True, kw_only=True):
    """A new text."""

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
