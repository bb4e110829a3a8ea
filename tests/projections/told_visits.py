"""A scripted set of visits, each with what a person counts in it by hand; and how it is recorded and folded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from schemas.facts import Fact
from schemas.facts.article import ArticleKind, ArticlePublished
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
    VisitBegun,
    VisitSolved,
    VoteExplained,
    VoteReason,
)

DAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TONER, PAPER, BILL = (UUID(int=number << 64) for number in (1, 2, 3))
TITLES = {TONER: "Cambiar el tóner", PAPER: "Atasco de papel", BILL: "Mi factura"}


def published() -> list[Fact]:
    return [
        ArticlePublished(
            article=article,
            kind=ArticleKind.FAQ,
            title=title,
            body="x",
            language="es",
            by="luis",
            at=DAY - timedelta(9),
        )
        for article, title in TITLES.items()
    ]


def visit(number: int, *steps: tuple[Any, ...], at: datetime = DAY, **begun: Any) -> list[Fact]:
    """Its facts, a minute apart. A step is a word and what it was done with."""
    own = UUID(int=number)
    facts: list[Fact] = [VisitBegun(visit=own, **{"surface": Surface.HELP_CENTRE, "language": "es"} | begun, at=at)]
    for minute, (did, *what) in enumerate(steps, 1):
        facts.append(_STEPS[did](*what, visit=own, at=at + timedelta(minutes=minute)))
    return facts


def _searched(query: str, *results: UUID, **more: Any) -> Fact:
    return Searched(query=query, results=results, found=len(results), **more)


_STEPS: dict[str, Any] = {
    "search": _searched,
    "more": lambda *articles, **more: ResultsShown(articles=articles, **more),
    "open": lambda article, **more: ArticleOpened(article=article, **more),
    "accept": lambda article, **more: ArticleOpened(article=article, suggested=True, **more),
    "suggest": lambda article, **more: ArticleSuggested(article=article, **more),
    "read": lambda article, seconds, **more: ReadingTimed(article=article, seconds=seconds, **more),
    "yes": lambda article, **more: ArticleVoted(article=article, helpful=True, **more),
    "no": lambda article, **more: ArticleVoted(article=article, helpful=False, **more),
    "because": lambda article, reason, **more: VoteExplained(article=article, reason=VoteReason(reason), **more),
    "download": lambda article, **more: FileDownloaded(article=article, file=UUID(int=9), **more),
    "start": ContactStarted,
    "send": ContactSent,
    "chat": ChatStarted,
    "solved": VisitSolved,
}

SCRIPT: Sequence[list[Fact]] = (
    # solved: found, read, helped
    visit(1, ("search", "Tóner", TONER, PAPER), ("open", TONER), ("read", TONER, 40), ("yes", TONER)),
    # contact: read it, no good, wrote
    visit(2, ("search", "toner", TONER), ("open", TONER), ("no", TONER),
          ("because", TONER, "unclear"), ("start",), ("send",)),
    # contact: nothing found, twice, then a chat
    visit(3, ("search", "fax"), ("search", "fax  "), ("chat",)),
    # abandoned: began to write, saw a suggestion, went
    visit(4, ("start",), ("suggest", PAPER), surface=Surface.FORM),
    # solved: the suggestion was read instead of sending
    visit(5, ("start",), ("suggest", PAPER), ("accept", PAPER), surface=Surface.FORM, product="Caja"),
    # left: nothing found, gone
    visit(6, ("search", "fax")),
    # contact, without having looked for help
    visit(7, ("start",), ("send",), surface=Surface.FORM),
    # left: voted against what they read
    visit(8, ("open", BILL), ("no", BILL), language="en"),
    # solved: said so
    visit(9, ("search", "factura", BILL), ("more", PAPER), ("solved",)),
    # an agent looks something up: no self-service
    visit(10, ("search", "toner", TONER), ("open", TONER), ("download", TONER), surface=Surface.AGENT),
    # wrote a day later, in the same visit: not this visit's end; and read two, one of them twice
    [*visit(11, ("open", PAPER), ("open", PAPER), ("open", BILL)),
     ContactSent(visit=UUID(int=11), at=DAY + timedelta(hours=24, seconds=1))],
)  # fmt: skip
"""By hand, agents left out: 10 visits; looked: all but 7, so 9; contact after looking: 2 and 3; deflected 7 of 9."""
