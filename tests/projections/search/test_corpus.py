"""The queries that the search is measured by ask for articles that exist."""

from __future__ import annotations

import pytest

from tests.projections.search.halves import LANGUAGES, SETS, corpus, halves


@pytest.mark.parametrize("written", SETS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_sixty_pairs_each_asking_for_an_article_of_the_corpus(language: str, written: str) -> None:
    keys = [article["key"] for article in corpus(language)]
    tuning, unseen = halves(language, written)

    assert len(keys) == len(set(keys)) >= 80
    assert len(tuning) == len(unseen) == 30
    assert {key for _, key in tuning + unseen} <= set(keys)
