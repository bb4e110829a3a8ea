"""What happens in a self-service visit, and the facts it makes. Pure: the decider; writer.py records what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from schemas.address import without_addresses
from schemas.errors import ConflictError, InvalidError, RateLimitedError
from schemas.facts import Fact
from schemas.facts.visit import (
    ArticleOpened,
    ArticleSuggested,
    ArticleVoted,
    ChatStarted,
    ContactSent,
    ContactStarted,
    FileDownloaded,
    ReadingTimed,
    ResultsShown,
    Searched,
    Surface,
    VisitAbout,
    VisitBegun,
    VisitSolved,
    VoteExplained,
    VoteReason,
)

QUERY_MAX_CHARACTERS = 200
RESULTS_MAX = 20
EVENTS_MAX = 500
"""More in one visit is no person reading."""
VISIT_MAX = timedelta(hours=24)
"""Then it is over, whatever is told of it: what a visit became does not change for ever."""
READ_SECONDS_MAX = 30 * 60
"""Who left a page open for longer didn't read it for longer."""
REASON_MAX_CHARACTERS = 500


class Kind(StrEnum):
    """What somebody did."""

    SEARCHED = "searched"
    SHOWN = "shown"
    OPENED = "opened"
    SUGGESTED = "suggested"
    SUGGESTION_OPENED = "suggestion_opened"
    TIME_READ = "time_read"
    VOTED = "voted"
    VOTE_EXPLAINED = "vote_explained"
    DOWNLOADED = "downloaded"
    CONTACT_STARTED = "contact_started"
    CONTACT_SENT = "contact_sent"
    CHAT_STARTED = "chat_started"
    SOLVED = "solved"


_WithAnArticle: TypeAlias = Literal[
    Kind.OPENED, Kind.SUGGESTION_OPENED, Kind.SUGGESTED, Kind.TIME_READ, Kind.DOWNLOADED
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing a visitor did, as told by a page or a program."""

    visit: UUID
    kind: Kind
    now: datetime
    query: str = ""
    results: tuple[UUID, ...] = ()
    found: int = 0
    article: UUID | None = None
    helpful: bool | None = None
    interaction: UUID | None = None
    seconds: int = 0
    reason: VoteReason | None = None
    words: str = ""
    file: UUID | None = None
    surface: Surface = Surface.API
    language: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """So far: how much happened, what was suggested and read, in order, for how long, and the vote of each article.

    `query`: the last one, while nothing else was searched; `open`: the article they are at.
    """

    events: int = 0
    began: datetime | None = None
    product: str = ""
    query: str = ""
    open: UUID | None = None
    suggested: frozenset[UUID] = frozenset()
    read: tuple[UUID, ...] = ()
    seconds: Mapping[UUID, int] = field(default_factory=dict[UUID, int])
    votes: Mapping[UUID, bool] = field(default_factory=dict[UUID, bool])
    contact_started: bool = False
    chat_started: bool = False
    sent: frozenset[UUID] = frozenset()


VisitFact: TypeAlias = (
    VisitBegun
    | VisitAbout
    | Searched
    | ResultsShown
    | ArticleOpened
    | ArticleSuggested
    | ReadingTimed
    | ArticleVoted
    | VoteExplained
    | FileDownloaded
    | ContactStarted
    | ContactSent
    | ChatStarted
    | VisitSolved
)


def decide(visit: Visit, happened: Happened) -> list[VisitFact]:
    """The fact of what happened, and before it where the visit began, or what it is about.

    Raises InvalidError for what is missing, RateLimitedError for an endless visit, ConflictError for one that is over.
    """
    if visit.events >= EVENTS_MAX:
        raise RateLimitedError("this visit is too long; begin a new one", retry_after=3600)
    if visit.began and happened.now - visit.began > VISIT_MAX:
        raise ConflictError("this visit is over; begin a new one")
    facts = _facts(visit, happened)
    if not facts:
        return facts
    if not visit.events:
        return [_begun(happened), *facts]
    if happened.product and not visit.product:
        return [VisitAbout(visit=happened.visit, product=happened.product, at=happened.now), *facts]
    return facts


def _begun(happened: Happened) -> VisitBegun:
    return VisitBegun(
        visit=happened.visit,
        surface=happened.surface,
        language=happened.language,
        product=happened.product,
        at=happened.now,
    )


def _facts(visit: Visit, happened: Happened) -> list[VisitFact]:  # noqa: C901, PLR0911 -- a table, a row a return
    at, own = happened.now, happened.visit
    match happened.kind:
        case Kind.SEARCHED:
            # a visit is nobody's, so its words can't be erased with anybody
            query = without_addresses(" ".join(happened.query.split()))[:QUERY_MAX_CHARACTERS]
            if not query:
                raise InvalidError("say what was searched", field="query")
            found = max(happened.found, len(happened.results))
            if query.casefold() == visit.query:  # a reload, or back from what was found: no other search
                return (
                    [ResultsShown(visit=own, articles=happened.results[:RESULTS_MAX], at=at)]
                    if happened.results
                    else []
                )
            return [Searched(visit=own, query=query, results=happened.results[:RESULTS_MAX], found=found, at=at)]
        case Kind.SHOWN:
            if not happened.results:
                raise InvalidError("which articles?", field="results")
            return [ResultsShown(visit=own, articles=happened.results[:RESULTS_MAX], at=at)]
        case Kind.CONTACT_STARTED:
            return [] if visit.contact_started else [ContactStarted(visit=own, at=at)]
        case Kind.CONTACT_SENT:
            if happened.interaction in visit.sent:
                return []
            return [ContactSent(visit=own, articles=visit.read, interaction=happened.interaction, at=at)]
        case Kind.CHAT_STARTED:
            told = happened.interaction in visit.sent if happened.interaction else visit.chat_started
            return [] if told else [ChatStarted(visit=own, interaction=happened.interaction, at=at)]
        case Kind.SOLVED:
            return [VisitSolved(visit=own, at=at)]
        case Kind.VOTED | Kind.VOTE_EXPLAINED:
            return _vote(visit, happened)
        case _:
            return _with_an_article(visit, happened, happened.kind)


def _with_an_article(visit: Visit, happened: Happened, kind: _WithAnArticle) -> list[VisitFact]:
    at, own, article = happened.now, happened.visit, _article(happened)
    match kind:
        case Kind.OPENED | Kind.SUGGESTION_OPENED:
            if article == visit.open:  # a reload
                return []
            suggested = kind is Kind.SUGGESTION_OPENED or article in visit.suggested
            return [ArticleOpened(visit=own, article=article, suggested=suggested, at=at)]
        case Kind.SUGGESTED:
            # shown again at the next key: still one suggestion
            return [] if article in visit.suggested else [ArticleSuggested(visit=own, article=article, at=at)]
        case Kind.TIME_READ:
            seconds = min(happened.seconds, READ_SECONDS_MAX - visit.seconds.get(article, 0))
            if article not in visit.read or seconds < 1:
                return []
            return [ReadingTimed(visit=own, article=article, seconds=seconds, at=at)]
        case Kind.DOWNLOADED:
            if happened.file is None:
                raise InvalidError("which file?", field="file")
            return [FileDownloaded(visit=own, article=article, file=happened.file, at=at)]
        case _:
            assert_never(kind)


def _vote(visit: Visit, happened: Happened) -> list[VisitFact]:
    """A vote, its reason, or both at once. A reason is for a vote against it."""
    article, votes = _article(happened), list[VisitFact]()
    if happened.kind is Kind.VOTED:
        if happened.helpful is None:
            raise InvalidError("did it help? true or false", field="helpful")
        if visit.votes.get(article) is not happened.helpful:  # said again: still one vote
            votes.append(ArticleVoted(visit=happened.visit, article=article, helpful=happened.helpful, at=happened.now))
    if happened.reason is not None:
        if happened.helpful or (happened.kind is Kind.VOTE_EXPLAINED and visit.votes.get(article) is not False):
            raise InvalidError("a reason is for an article that did not help", field="reason")
        words = without_addresses(" ".join(happened.words.split()))[:REASON_MAX_CHARACTERS]
        explained = VoteExplained(
            visit=happened.visit, article=article, reason=happened.reason, words=words, at=happened.now
        )
        votes.append(explained)
    elif happened.kind is Kind.VOTE_EXPLAINED:
        raise InvalidError("say why", field="reason")
    return votes


def evolve(visit: Visit, fact: Fact) -> Visit:  # noqa: C901, PLR0911 -- a table, a row a return
    """The state after a fact of its stream."""
    visit = replace(visit, events=visit.events + 1)
    match fact:
        case VisitBegun():
            return replace(visit, began=fact.at, product=fact.product)
        case VisitAbout():
            return replace(visit, product=fact.product)
        case Searched():
            return replace(visit, query=fact.query.casefold(), open=None)
        case ResultsShown():
            return replace(visit, open=None)
        case ArticleSuggested():
            return replace(visit, suggested=visit.suggested | {fact.article})
        case ArticleOpened():
            read = visit.read if fact.article in visit.read else (*visit.read, fact.article)
            return replace(visit, read=read, open=fact.article)
        case ReadingTimed():
            seconds = visit.seconds.get(fact.article, 0) + fact.seconds
            return replace(visit, seconds={**visit.seconds, fact.article: seconds})
        case ArticleVoted():
            return replace(visit, votes={**visit.votes, fact.article: fact.helpful})
        case ContactStarted():
            return replace(visit, contact_started=True, open=None)
        case ContactSent():
            return replace(visit, sent=_sent(visit, fact))
        case ChatStarted():
            return replace(visit, sent=_sent(visit, fact), chat_started=True)
        case _:
            return visit


def state_of(facts: Iterable[Fact]) -> Visit:
    """The state after all of them."""
    visit = Visit()
    for fact in facts:
        visit = evolve(visit, fact)
    return visit


def _sent(visit: Visit, fact: ContactSent | ChatStarted) -> frozenset[UUID]:
    return visit.sent | {fact.interaction} if fact.interaction else visit.sent


def _article(happened: Happened) -> UUID:
    if happened.article is None:
        raise InvalidError("which article?", field="article")
    return happened.article
