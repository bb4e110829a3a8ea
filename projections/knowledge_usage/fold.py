"""How visits become counts a quarter-hour and article."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.projection import Key, Projection, Table, changes, changes_each, on
from projections.quarters import quarter_of
from schemas.facts.article import ArticlePublished, ArticleRevised
from schemas.facts.visit import ArticleOpened, ArticleSuggested, ArticleVoted, ContactSent, Searched


class UsageRow(msgspec.Struct, frozen=True):
    """A row of `usage_quarters`."""

    quarter: datetime
    article: UUID
    views: int
    searches: int
    helpful: int
    unhelpful: int
    suggested: int
    suggestion_opened: int
    contacts_after: int


class TitleRow(msgspec.Struct, frozen=True):
    """A row of `usage_articles`."""

    article: UUID
    title: str


def _unused(key: tuple[datetime, UUID]) -> UsageRow:
    return UsageRow(*key, 0, 0, 0, 0, 0, 0, 0)


def _untitled(article: UUID) -> TitleRow:
    return TitleRow(article, "")


_USAGE = Table("usage_quarters", UsageRow, ("quarter", "article"), _unused)
_TITLES = Table("usage_articles", TitleRow, ("article",), _untitled)


def _one(fact: ArticleOpened | ArticleSuggested | ArticleVoted) -> Key:
    return (quarter_of(fact.at), fact.article)


def _each(moment: datetime, articles: tuple[UUID, ...]) -> list[Key]:
    quarter = quarter_of(moment)
    return [(quarter, article) for article in dict.fromkeys(articles)]


def _opened(row: UsageRow, fact: ArticleOpened, _: Recorded) -> UsageRow:
    return replace(row, views=row.views + 1, suggestion_opened=row.suggestion_opened + fact.suggested)


def _suggested(row: UsageRow, _fact: ArticleSuggested, _: Recorded) -> UsageRow:
    return replace(row, suggested=row.suggested + 1)


def _voted(row: UsageRow, fact: ArticleVoted, _: Recorded) -> UsageRow:
    return replace(row, helpful=row.helpful + fact.helpful, unhelpful=row.unhelpful + (not fact.helpful))


def _searched(row: UsageRow, _fact: Searched, _: Recorded) -> UsageRow:
    return replace(row, searches=row.searches + 1)


def _contacted(row: UsageRow, _fact: ContactSent, _: Recorded) -> UsageRow:
    return replace(row, contacts_after=row.contacts_after + 1)


def _titled(row: TitleRow, fact: ArticlePublished | ArticleRevised, _: Recorded) -> TitleRow:
    return replace(row, title=fact.title)


KNOWLEDGE_USAGE = Projection(
    "knowledge_usage",
    version=1,
    ddl="knowledge_usage/tables.sql",
    tables=(_USAGE, _TITLES),
    on=(
        on(ArticleOpened, changes(_USAGE, _one, _opened)),
        on(ArticleSuggested, changes(_USAGE, _one, _suggested)),
        on(ArticleVoted, changes(_USAGE, _one, _voted)),
        on(Searched, changes_each(_USAGE, lambda fact: _each(fact.at, fact.results), _searched)),
        on(ContactSent, changes_each(_USAGE, lambda fact: _each(fact.at, fact.articles), _contacted)),
        on(ArticlePublished, changes(_TITLES, lambda fact: fact.article, _titled)),
        on(ArticleRevised, changes(_TITLES, lambda fact: fact.article, _titled)),
    ),
)
