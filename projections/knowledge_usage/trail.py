"""A self-service visit as it is told: its steps in order, and what became of it. Pure; fold.py keeps it in a row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

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
    VisitSolved,
    VoteExplained,
)

Step: TypeAlias = Mapping[str, Any]
"""One thing that was done: `did`, `at`, and what it was done with."""

CONTACT_WITHIN = timedelta(hours=24)
"""Contact counts as a visit's end if it comes so soon after its beginning."""

_LOOKING = frozenset({"searched", "opened", "suggested", "voted", "downloaded", "solved"})
_NO_WORD = re.compile(r"[^\w\u0303]+")


class Outcome(StrEnum):
    """What became of a visit; the first that is true."""

    CONTACT = "contact"
    """A message or a chat within CONTACT_WITHIN."""
    SOLVED = "solved"
    """They said so, or an article helped, or they read one and neither voted against it nor went on to write to us."""
    ABANDONED = "abandoned"
    """They began to write to us, sent nothing, and read nothing after that."""
    LEFT = "left"
    """They looked for help and went without any of this."""
    NOTHING = "nothing"
    """They did not look for help."""


def step_of(fact: Fact) -> dict[str, Any] | None:  # noqa: C901, PLR0911 -- a table, a row a return
    """The step that a fact is; None for one that only adds to an earlier step."""
    match fact:
        case Searched():
            found = {"words": fact.query, "phrase": phrase_of(fact.query), "found": fact.found}
            return {"did": "searched", **found, "results": [str(each) for each in dict.fromkeys(fact.results)]}
        case ResultsShown():
            return {"did": "shown", "results": [str(each) for each in dict.fromkeys(fact.articles)]}
        case ArticleOpened():
            return {"did": "opened", "article": str(fact.article), "suggested": fact.suggested, "seconds": 0}
        case ArticleSuggested():
            return {"did": "suggested", "article": str(fact.article)}
        case ArticleVoted():
            return {"did": "voted", "article": str(fact.article), "helpful": fact.helpful}
        case FileDownloaded():
            return {"did": "downloaded", "article": str(fact.article)}
        case ContactStarted():
            return {"did": "started"}
        case ContactSent():
            return {"did": "sent", "interaction": str(fact.interaction) if fact.interaction else None}
        case ChatStarted():
            return {"did": "chat", "interaction": str(fact.interaction) if fact.interaction else None}
        case VisitSolved():
            return {"did": "solved"}
        case _:
            return None


def told_on(trail: Sequence[Step], fact: Fact, at: datetime) -> list[Step]:
    """The steps after a fact."""
    step = step_of(fact)
    if step is not None:
        return [*trail, {**step, "at": at.isoformat()}]
    if isinstance(fact, ReadingTimed):
        seconds = fact.seconds
        return _amended(trail, "opened", fact.article, lambda step: {"seconds": step["seconds"] + seconds})
    if isinstance(fact, VoteExplained):
        why = {"reason": fact.reason.value, "why": fact.words}
        return _amended(trail, "voted", fact.article, lambda _: why)
    return list(trail)


def contact_step(trail: Sequence[Step], began: datetime) -> int | None:
    """The place, from 1, of the step that was contact in time; None: there was none."""
    for place, step in enumerate(trail, 1):
        if step["did"] in {"sent", "chat"} and datetime.fromisoformat(step["at"]) - began <= CONTACT_WITHIN:
            return place
    return None


def looked_for_help(trail: Sequence[Step]) -> bool:
    """Did they search, read an article, or see one suggested? Whoever votes, fetches a file or says solved has read."""
    return any(step["did"] in _LOOKING for step in trail)


def was_opened(trail: Sequence[Step], article: UUID) -> bool:
    """Did they read it?"""
    return any(step["did"] == "opened" and step["article"] == str(article) for step in trail)


def vote_of(trail: Sequence[Step], article: UUID) -> bool | None:
    """The last one of an article; None: there is none."""
    votes = [step["helpful"] for step in trail if step["did"] == "voted" and step["article"] == str(article)]
    return votes[-1] if votes else None


def outcome_of(trail: Sequence[Step], began: datetime) -> Outcome:
    """What became of it, as far as it is told."""
    if contact_step(trail, began) is not None:
        return Outcome.CONTACT
    votes = [step["helpful"] for step in trail if step["did"] == "voted"]
    if (votes and votes[-1]) or any(step["did"] == "solved" for step in trail):
        return Outcome.SOLVED
    opened = max((place for place, step in enumerate(trail) if step["did"] == "opened"), default=-1)
    started = max((place for place, step in enumerate(trail) if step["did"] == "started"), default=-1)
    if started > opened:
        return Outcome.ABANDONED
    if opened >= 0 and not votes:
        return Outcome.SOLVED
    return Outcome.LEFT if looked_for_help(trail) else Outcome.NOTHING


def phrase_of(query: str) -> str:
    """A query as it is counted: small letters, no accents but the tilde of `ñ`, single spaces."""
    letters = unicodedata.normalize("NFD", query.casefold())
    bare = "".join(each for each in letters if unicodedata.category(each) != "Mn" or each == "\u0303")
    return unicodedata.normalize("NFC", " ".join(_NO_WORD.sub(" ", bare).split()))


def _amended(trail: Sequence[Step], did: str, article: UUID, more: Callable[[Step], Step]) -> list[Step]:
    """The last step of this sort with that article, told more of."""
    steps = list(trail)
    for place in reversed(range(len(steps))):
        if steps[place]["did"] == did and steps[place].get("article") == str(article):
            steps[place] = {**steps[place], **more(steps[place])}
            break
    return steps
