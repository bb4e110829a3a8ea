"""What the knowledge base lacks: noticed, then filled by an article, or dismissed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from schemas.address import without_addresses
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.gap import GapDismissed, GapFilled, GapNoticed, GapReopened

WORDS_MAX_CHARACTERS = 1_000

GapFact: TypeAlias = GapNoticed | GapFilled | GapDismissed | GapReopened


@dataclass(frozen=True, slots=True)
class Gap:
    """One of them; `open`: nothing answers it yet."""

    known: bool = False
    open: bool = False
    article: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeGap:
    """Nothing answers this."""

    gap: UUID
    words: str
    language: str = ""
    incident: UUID | None = None
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FillGap:
    """This article answers it; another than before, if one did."""

    gap: UUID
    article: UUID
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissGap:
    """It needs no article."""

    gap: UUID
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenGap:
    """It was filled or dismissed too soon."""

    gap: UUID
    by: str
    now: datetime


GapRequest: TypeAlias = NoticeGap | FillGap | DismissGap | ReopenGap


def decide(gap: Gap, request: GapRequest) -> list[GapFact]:
    """The facts a request leads to; a request that changes nothing leads to none."""
    if isinstance(request, NoticeGap):
        return _notice(gap, request)
    if not gap.known:
        raise NotFoundError("no such gap")
    match request:
        case FillGap():
            if gap.article == request.article:
                return []
            return [GapFilled(gap=request.gap, article=request.article, by=request.by, at=request.now)]
        case DismissGap():
            return [GapDismissed(gap=request.gap, by=request.by, at=request.now)] if gap.open else []
        case ReopenGap():
            return [] if gap.open else [GapReopened(gap=request.gap, by=request.by, at=request.now)]
        case _:
            assert_never(request)


def evolve(gap: Gap, fact: GapFact) -> Gap:
    """The state after a fact."""
    match fact:
        case GapNoticed():
            return Gap(known=True, open=True)
        case GapFilled():
            return replace(gap, open=False, article=fact.article)
        case GapDismissed():
            return replace(gap, open=False)
        case GapReopened():
            return Gap(known=True, open=True)
        case _:
            assert_never(fact)


def state_of(facts: Sequence[GapFact]) -> Gap:
    """The state after all of them."""
    gap = Gap()
    for fact in facts:
        gap = evolve(gap, fact)
    return gap


def _notice(gap: Gap, request: NoticeGap) -> list[GapFact]:
    if gap.known:  # said once already
        return []
    words = without_addresses(" ".join(request.words.split()))
    if not 1 <= len(words) <= WORDS_MAX_CHARACTERS:
        raise InvalidError(f"1 to {WORDS_MAX_CHARACTERS} characters", field="words")
    return [
        GapNoticed(
            gap=request.gap,
            words=words,
            language=request.language,
            incident=request.incident,
            by=request.by,
            at=request.now,
        )
    ]
