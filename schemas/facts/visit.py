"""Facts of a self-service visit: what somebody looked for before, or instead of, asking us. Anonymous."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.kind import Fact, fact


class Surface(StrEnum):
    """Where somebody looked for help."""

    HELP_CENTRE = "help_centre"
    FORM = "form"
    WIDGET = "widget"
    AGENT = "agent"
    """An agent, for an answer: no self-service."""
    API = "api"


class VoteReason(StrEnum):
    """Why an article did not help."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"
    INCOMPLETE = "incomplete"
    OTHER_QUESTION = "other_question"
    """It answers something else."""


@fact("visit.begun.v1")
class VisitBegun(Fact, frozen=True, kw_only=True):
    """Just before what happened first: where, in which language, about which product, as far as that is known."""

    visit: UUID
    surface: Surface
    language: str = ""
    product: str = ""
    at: datetime


@fact("visit.about.v1")
class VisitAbout(Fact, frozen=True, kw_only=True):
    """What product it is about, where that was known only later: of the first article of one product, or a form."""

    visit: UUID
    product: str
    at: datetime


@fact("visit.searched.v2")
class Searched(Fact, frozen=True, kw_only=True):
    """Words looked for, articles found (best first). `found`: how many, also where nobody said which."""

    visit: UUID
    query: str
    results: tuple[UUID, ...] = ()
    found: int = 0
    at: datetime


@fact("visit.shown.v1")
class ResultsShown(Fact, frozen=True, kw_only=True):
    """What else the last search showed: narrowed, a further page of it, or looked at once more."""

    visit: UUID
    articles: tuple[UUID, ...]
    at: datetime


@fact("visit.opened.v1")
class ArticleOpened(Fact, frozen=True, kw_only=True):
    """An article was read. `suggested`: it had been suggested in this visit."""

    visit: UUID
    article: UUID
    suggested: bool = False
    at: datetime


@fact("visit.timed.v1")
class ReadingTimed(Fact, frozen=True, kw_only=True):
    """So long it was in sight, as the page told on being left."""

    visit: UUID
    article: UUID
    seconds: int
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


@fact("visit.vote_explained.v1")
class VoteExplained(Fact, frozen=True, kw_only=True):
    """Why it did not help, after a vote that says so."""

    visit: UUID
    article: UUID
    reason: VoteReason
    words: str = ""
    at: datetime


@fact("visit.downloaded.v1")
class FileDownloaded(Fact, frozen=True, kw_only=True):
    """A file of an article was fetched."""

    visit: UUID
    article: UUID
    file: UUID
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


@fact("visit.chat_started.v2")
class ChatStarted(Fact, frozen=True, kw_only=True):
    """Somebody began to chat with us: contact, as a form that was sent. `interaction`: with their first words."""

    visit: UUID
    interaction: UUID | None = None
    at: datetime


@fact("visit.solved.v1")
class VisitSolved(Fact, frozen=True, kw_only=True):
    """They say it is solved."""

    visit: UUID
    at: datetime
