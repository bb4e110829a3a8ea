"""How often an article is among the first three that its reader's words find: on what was tuned by, and on what not."""

from __future__ import annotations

import pytest

from eventstore.database import Database
from projections.article_search import search
from projections.articles.readers import ANYBODY
from tests.projections.search.halves import LANGUAGES, SETS, Pair, article_id, halves

_FIRST = 3
_ENOUGH = {"queries": 0.9, "typed": 0.85}
"""Of each set; what people type in haste needs synonyms that a company adds as it reads them."""


def _missed(database: Database, pairs: list[Pair], language: str) -> list[str]:
    with database.transaction() as connection:
        return [
            query
            for query, key in pairs
            if article_id(key, language)
            not in [each.id for each in search(connection, ANYBODY, query, locale=language, limit=_FIRST).items]
        ]


@pytest.mark.parametrize("written", SETS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_article_is_among_the_first_three_of_what_was_tuned_by(
    corpus_database, language: str, written: str
) -> None:
    tuning, _ = halves(language, written)

    missed = _missed(corpus_database, tuning, language)

    assert len(missed) <= (1 - _ENOUGH[written]) * len(tuning), missed


@pytest.mark.parametrize("written", SETS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_article_is_among_the_first_three_of_what_nobody_looked_at(
    corpus_database, language: str, written: str
) -> None:
    _, unseen = halves(language, written)

    rate = 1 - len(_missed(corpus_database, unseen, language)) / len(unseen)

    if rate < _ENOUGH[written]:  # which ones is not said: they would be tuned by
        pytest.fail(f"found {rate:.0%}", pytrace=False)
