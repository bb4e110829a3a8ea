"""Facts of how an article is kept: where it is filed, who may read it, what belongs to it, who doubts it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.article import ArticleKind, Audience
from schemas.facts.kind import Fact, fact
from schemas.interaction import Attachment


class Doubt(StrEnum):
    """What an agent holds against an article."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"
    INCOMPLETE = "incomplete"


@fact("article.described.v1")
class ArticleDescribed(Fact, frozen=True, kw_only=True):
    """Its filing, whole: what isn't named is empty. `shelf`: a category, `Account/Passwords`, two levels at most."""

    article: UUID
    kind: ArticleKind
    shelf: str = ""
    labels: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    audience: Audience = Audience.PUBLIC
    by: str
    at: datetime


@fact("article.review_due.v1")
class ReviewDue(Fact, frozen=True, kw_only=True):
    """Somebody found it right as it stands, or just planned it: to be looked at again on that day; None: never."""

    article: UUID
    on: date | None
    found_right: bool = False
    by: str
    at: datetime


@fact("article.translates.v1")
class ArticleTranslates(Fact, frozen=True, kw_only=True):
    """It says what `original` said in its edition `edition`, in another language; again when brought up to date."""

    article: UUID
    original: UUID
    edition: int
    by: str
    at: datetime


@fact("article.redirected.v1")
class ArticleRedirected(Fact, frozen=True, kw_only=True):
    """Whoever looks for it, once retired, is led to another; None: no longer."""

    article: UUID
    to: UUID | None
    by: str
    at: datetime


@fact("article.file_added.v1")
class ArticleFileAdded(Fact, frozen=True, kw_only=True):
    """A picture in the text, or something to download. `release`: its version, as people call it; `sha256` in hex."""

    article: UUID
    file: UUID
    content: Attachment
    sha256: str
    release: str = ""
    by: str
    at: datetime


@fact("article.file_removed.v1")
class ArticleFileRemoved(Fact, frozen=True, kw_only=True):
    """No longer offered."""

    article: UUID
    file: UUID
    by: str
    at: datetime


@fact("article.pinned.v1")
class ArticlePinned(Fact, frozen=True, kw_only=True):
    """Stands before what rises by itself. `shelf`: a category, or empty for the first page; lower `rank` first."""

    article: UUID
    shelf: str = ""
    rank: int = 0
    by: str
    at: datetime


@fact("article.unpinned.v1")
class ArticleUnpinned(Fact, frozen=True, kw_only=True):
    """Rises or falls by itself again."""

    article: UUID
    shelf: str = ""
    by: str
    at: datetime


@fact("article.doubted.v1")
class ArticleDoubted(Fact, frozen=True, kw_only=True):
    """An agent says what is not right with it. `incident`: where it showed."""

    article: UUID
    flag: UUID
    doubt: Doubt
    words: str = ""
    incident: UUID | None = None
    by: str
    at: datetime


@fact("article.doubt_settled.v1")
class DoubtSettled(Fact, frozen=True, kw_only=True):
    """Mended, or there was nothing to mend."""

    article: UUID
    flag: UUID
    by: str
    at: datetime
