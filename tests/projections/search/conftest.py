"""The corpus, folded once for all tests that only ask."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import pytest

from eventstore.database import Database
from eventstore.keys import Keys
from projections.article_search import ARTICLE_SEARCH
from projections.articles import ARTICLES
from schemas.facts import Fact
from schemas.facts.article import ArticleKind, ArticlePublished
from schemas.facts.shelving import ArticleDescribed
from schemas.facts.synonyms import SynonymsSet
from tests.projections.histories import Recorder
from tests.projections.search.halves import LANGUAGES, article_id, corpus, synonyms
from tests.projections.views import fold_all

_AT = datetime(2026, 3, 2, tzinfo=UTC)


def _facts(language: str) -> Iterator[Fact]:
    for each in corpus(language):
        article, kind = article_id(each["key"], language), ArticleKind(each["kind"])
        yield ArticlePublished(
            article=article, kind=kind, title=each["title"], body=each["body"], language=language, by="ana", at=_AT
        )
        yield ArticleDescribed(
            article=article,
            kind=kind,
            shelf=each["category"],
            labels=tuple(each["labels"]),
            products=(each["product"],) if "product" in each else (),
            by="ana",
            at=_AT,
        )
    for number, words in enumerate(synonyms(language)):
        group = uuid5(NAMESPACE_URL, f"{language}/{number}")
        yield SynonymsSet(synonyms=group, words=tuple(words), language=language, by="ana", at=_AT)


@pytest.fixture(scope="session")
def corpus_database(new_database, started_template):
    """Read only, but for what rolls back."""
    with new_database(started_template) as url:
        database = Database(url)
        database.open()
        keys = Keys(database)
        Recorder(database, keys).record([fact for language in LANGUAGES for fact in _facts(language)])
        fold_all(database, keys, projections=[ARTICLES, ARTICLE_SEARCH])
        yield database
        database.close()
