"""How visits become rows that tell them; what is counted of those is settled from them (settle.py).

A visit counts once for how wanted an article is, however often it opens it, and with the last of its votes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.knowledge_usage.placement import HELPFUL, UNHELPFUL, VIEW, warmth
from projections.knowledge_usage.rows import (
    ARTICLE_COUNTS,
    ARTICLES,
    COUNTED,
    LINKS,
    READS,
    SEARCHES,
    THRESHOLDS,
    VISIT_COUNTS,
    VISITS,
    WORD_COUNTS,
    ArticleRow,
    LinkRow,
    ThresholdRow,
    VisitRow,
)
from projections.knowledge_usage.settle import CANDIDATES, SETTLED
from projections.knowledge_usage.trail import contact_step, looked_for_help, outcome_of, told_on, vote_of, was_opened
from projections.projection import Projection, Settle, Step, changes, changes_both, on
from projections.quarters import quarter_of
from schemas.facts import Fact
from schemas.facts.article import ArticlePublished
from schemas.facts.shelving import ArticleDescribed
from schemas.facts.teamwork import ArticleLinked, ArticleUnlinked
from schemas.facts.threshold import ThresholdSet
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
    VisitAbout,
    VisitBegun,
    VisitSolved,
    VoteExplained,
)
from schemas.language import base_language


class _OfAVisit(Protocol):
    @property
    def visit(self) -> UUID: ...
    @property
    def at(self) -> datetime: ...


def _begun(row: VisitRow, fact: VisitBegun, _: Recorded) -> VisitRow:
    return replace(
        _since(row, fact), surface=fact.surface.value, language=fact.language, product=fact.product, last_at=fact.at
    )


def _about(row: VisitRow, fact: VisitAbout, _: Recorded) -> VisitRow:
    return replace(_since(row, fact), product=fact.product, last_at=fact.at)


def _told(row: VisitRow, fact: Fact, _: Recorded) -> VisitRow:
    told: _OfAVisit = fact  # type: ignore[assignment]  # -- registered below for facts of visits alone
    row = _since(row, told)
    began = row.began or told.at
    trail = told_on(row.trail, fact, told.at)
    return replace(
        row,
        last_at=told.at,
        looked=looked_for_help(trail),
        contact_step=contact_step(trail, began),
        outcome=outcome_of(trail, began).value,
        trail=[dict(step) for step in trail],
    )


def _since(row: VisitRow, fact: _OfAVisit) -> VisitRow:
    # of visits before there was a fact of their beginning, the first fact is it
    return row if row.began else replace(row, began=fact.at, quarter=quarter_of(fact.at))


def _published(row: ArticleRow, fact: ArticlePublished, _: Recorded) -> ArticleRow:
    return replace(row, language=base_language(fact.language), heat=row.heat + warmth(VIEW, fact.at))


def _described(row: ArticleRow, fact: ArticleDescribed, _: Recorded) -> ArticleRow:
    return replace(row, shelf=fact.shelf.partition("/")[0])


def _read(visit: VisitRow, row: ArticleRow, fact: ArticleOpened, event: Recorded) -> tuple[VisitRow, ArticleRow]:
    weight = 0 if was_opened(visit.trail, fact.article) else VIEW
    return _told(visit, fact, event), replace(row, heat=row.heat + warmth(weight, fact.at))


def _voted(visit: VisitRow, row: ArticleRow, fact: ArticleVoted, event: Recorded) -> tuple[VisitRow, ArticleRow]:
    weight = _WEIGHT[fact.helpful] - _WEIGHT[vote_of(visit.trail, fact.article)]
    return _told(visit, fact, event), replace(row, heat=row.heat + warmth(weight, fact.at))


def _linked(row: LinkRow, fact: ArticleLinked, _: Recorded) -> LinkRow:
    return replace(row, linked=True, at=fact.at)


def _unlinked(row: LinkRow, _fact: ArticleUnlinked, _: Recorded) -> LinkRow:
    return replace(row, linked=False)


def _threshold(row: ThresholdRow, fact: ThresholdSet, _: Recorded) -> ThresholdRow:
    return replace(row, value=fact.value)


_WEIGHT = {True: HELPFUL, False: UNHELPFUL, None: 0}
_VISIT: Step[Fact] = changes(VISITS, lambda fact: fact.visit, _told)  # type: ignore[attr-defined]  # -- see _told

KNOWLEDGE_USAGE = Projection(
    "knowledge_usage",
    version=6,
    ddl="knowledge_usage/tables.sql",
    tables=(VISITS, ARTICLES, LINKS, THRESHOLDS, COUNTED, READS, SEARCHES, VISIT_COUNTS, ARTICLE_COUNTS, WORD_COUNTS),
    on=(
        on(VisitBegun, changes(VISITS, lambda fact: fact.visit, _begun)),
        on(VisitAbout, changes(VISITS, lambda fact: fact.visit, _about)),
        on(
            ArticleOpened,
            changes_both((VISITS, lambda fact: fact.visit), (ARTICLES, lambda fact: fact.article), _read),
        ),
        on(
            ArticleVoted,
            changes_both((VISITS, lambda fact: fact.visit), (ARTICLES, lambda fact: fact.article), _voted),
        ),
        *(
            on(kind, _VISIT)
            for kind in (
                Searched,
                ResultsShown,
                ArticleSuggested,
                ReadingTimed,
                VoteExplained,
                FileDownloaded,
                ContactStarted,
                ContactSent,
                ChatStarted,
                VisitSolved,
            )
        ),
        on(ArticlePublished, changes(ARTICLES, lambda fact: fact.article, _published)),
        on(ArticleDescribed, changes(ARTICLES, lambda fact: fact.article, _described)),
        on(ArticleLinked, changes(LINKS, lambda fact: (fact.article, fact.incident), _linked)),
        on(ArticleUnlinked, changes(LINKS, lambda fact: (fact.article, fact.incident), _unlinked)),
        on(ThresholdSet, changes(THRESHOLDS, lambda fact: fact.name, _threshold)),
    ),
    settle=Settle(VISITS, SETTLED, CANDIDATES),
)
