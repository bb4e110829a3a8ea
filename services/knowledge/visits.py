"""What happens in a self-service visit, and the facts it makes. Pure: the decider; writer.py records what it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never
from uuid import UUID

from schemas.address import without_addresses
from schemas.errors import InvalidError, RateLimitedError
from schemas.facts import Fact
from schemas.facts.visit import (
    ArticleOpened,
    ArticleSuggested,
    ArticleVoted,
    ContactSent,
    ContactStarted,
    Searched,
    VisitSolved,
)

QUERY_MAX_CHARACTERS = 200
RESULTS_MAX = 20
EVENTS_MAX = 500
"""More in one visit is no person reading."""


class Kind(StrEnum):
    """What somebody did."""

    SEARCHED = "searched"
    OPENED = "opened"
    SUGGESTED = "suggested"
    VOTED = "voted"
    CONTACT_STARTED = "contact_started"
    CONTACT_SENT = "contact_sent"
    SOLVED = "solved"


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


@dataclass(frozen=True, slots=True)
class Visit:
    """So far: how much happened, what was suggested and what was read, in order."""

    events: int = 0
    suggested: frozenset[UUID] = frozenset()
    read: tuple[UUID, ...] = ()
    contact_started: bool = False


VisitFact: TypeAlias = (
    Searched | ArticleOpened | ArticleSuggested | ArticleVoted | ContactStarted | ContactSent | VisitSolved
)


def decide(visit: Visit, happened: Happened) -> list[VisitFact]:
    """The fact of what happened. Raises InvalidError for what is missing, RateLimitedError for an endless visit."""
    if visit.events >= EVENTS_MAX:
        raise RateLimitedError("this visit is too long; begin a new one", retry_after=3600)
    return _facts(visit, happened)


def _facts(visit: Visit, happened: Happened) -> list[VisitFact]:  # noqa: PLR0911 -- a table, a row a return
    at, own = happened.now, happened.visit
    match happened.kind:
        case Kind.SEARCHED:
            # a visit is nobody's, so its words can't be erased with anybody
            query = without_addresses(" ".join(happened.query.split()))[:QUERY_MAX_CHARACTERS]
            if not query:
                raise InvalidError("say what was searched", field="query")
            found = max(happened.found, len(happened.results))
            return [Searched(visit=own, query=query, results=happened.results[:RESULTS_MAX], found=found, at=at)]
        case Kind.OPENED:
            article = _article(happened)
            return [ArticleOpened(visit=own, article=article, suggested=article in visit.suggested, at=at)]
        case Kind.SUGGESTED:
            article = _article(happened)
            # shown again at the next key: still one suggestion
            return [] if article in visit.suggested else [ArticleSuggested(visit=own, article=article, at=at)]
        case Kind.VOTED:
            if happened.helpful is None:
                raise InvalidError("did it help? true or false", field="helpful")
            return [ArticleVoted(visit=own, article=_article(happened), helpful=happened.helpful, at=at)]
        case Kind.CONTACT_STARTED:
            return [] if visit.contact_started else [ContactStarted(visit=own, at=at)]
        case Kind.CONTACT_SENT:
            return [ContactSent(visit=own, articles=visit.read, interaction=happened.interaction, at=at)]
        case Kind.SOLVED:
            return [VisitSolved(visit=own, at=at)]
        case _:
            assert_never(happened.kind)


def evolve(visit: Visit, fact: Fact) -> Visit:
    """The state after a fact of its stream."""
    count = visit.events + 1
    match fact:
        case ArticleSuggested():
            return Visit(count, visit.suggested | {fact.article}, visit.read, visit.contact_started)
        case ArticleOpened():
            read = visit.read if fact.article in visit.read else (*visit.read, fact.article)
            return Visit(count, visit.suggested, read, visit.contact_started)
        case ContactStarted():
            return Visit(count, visit.suggested, visit.read, contact_started=True)
        case _:
            return Visit(count, visit.suggested, visit.read, visit.contact_started)


def state_of(facts: Iterable[Fact]) -> Visit:
    """The state after all of them."""
    visit = Visit()
    for fact in facts:
        visit = evolve(visit, fact)
    return visit


def _article(happened: Happened) -> UUID:
    if happened.article is None:
        raise InvalidError("which article?", field="article")
    return happened.article
