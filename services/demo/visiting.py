"""What a visit of the story leaves behind: searched, read for so long, voted and why, and how it ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from schemas.facts import Fact
from schemas.facts.visit import (
    ArticleOpened,
    ArticleSuggested,
    ArticleVoted,
    ChatStarted,
    ContactSent,
    ContactStarted,
    ReadingTimed,
    Searched,
    Surface,
    VisitBegun,
    VisitSolved,
    VoteExplained,
    VoteReason,
)
from schemas.interaction import Channel
from services.demo.shelf import article_id
from services.demo.steps import Visit

_BEFORE_WRITING = timedelta(minutes=4)
"""So long before the words that came of it a visit began."""
_REASONS = tuple(VoteReason)
_WORDS = {
    "es": ("Falta decir dónde está el menú.", "", "No encuentro ese botón en mi versión.", ""),
    "en": ("It doesn't say where the menu is.", "", "I can't find that button in my version.", ""),
}


def read_seconds(step: Visit) -> int:
    """How long they read."""
    return 8 + step.id.int % 140


def reason(step: Visit) -> tuple[VoteReason, str]:
    """Why it did not help, in a word and in theirs."""
    words = _WORDS[step.language]
    return _REASONS[step.id.int % len(_REASONS)], words[step.id.int // 7 % len(words)]


def visited(step: Visit, seed: int, contact: UUID | None) -> list[Fact]:
    """The facts, from the step's own time on, or up to it where it ended in `contact`."""
    article = article_id(seed, step.article, step.language) if step.article else None
    visit, at = step.id, step.at - (_BEFORE_WRITING if contact else timedelta())
    found = (article,) if article else ()
    suggested = article is not None and visit.int % 4 == 0
    surface = Surface.FORM if suggested else Surface.HELP_CENTRE
    facts: list[Fact] = [VisitBegun(visit=visit, surface=surface, language=step.language, product=step.product, at=at)]
    if suggested and article is not None:
        facts.append(ArticleSuggested(visit=visit, article=article, at=at))
    else:
        facts.append(Searched(visit=visit, query=step.query, results=found, found=len(found), at=at))
    end = at + timedelta(seconds=90)
    if article is not None and step.contact is None:
        opened, seconds = at + timedelta(seconds=9), read_seconds(step)
        end = opened + timedelta(seconds=seconds + 4)
        facts.append(ArticleOpened(visit=visit, article=article, suggested=suggested, at=opened))
        facts.append(ReadingTimed(visit=visit, article=article, seconds=seconds, at=end))
        if step.helpful is not None:
            facts.append(ArticleVoted(visit=visit, article=article, helpful=step.helpful, at=end))
        if step.helpful is False and visit.int % 3:
            why, words = reason(step)
            facts.append(VoteExplained(visit=visit, article=article, reason=why, words=words, at=end))
    facts.append(VisitSolved(visit=visit, at=end) if step.solved else ContactStarted(visit=visit, at=end))
    wrote_at = end + timedelta(seconds=60)
    if step.contact is Channel.CHAT:
        facts.append(ChatStarted(visit=visit, interaction=contact, at=wrote_at))
    elif step.wrote:
        facts.append(ContactSent(visit=visit, articles=found, interaction=contact, at=wrote_at))
    return facts
