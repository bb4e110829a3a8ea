"""The queries that the search is measured by ask for articles that exist."""

from __future__ import annotations

import pytest

from tests.projections.search.halves import corpus, halves


@pytest.mark.parametrize("language", ["es", "en"])
def test_there_are_sixty_pairs_each_asking_for_an_article_of_the_corpus(language: str) -> None:
    keys = [article["key"] for article in corpus(language)]
    tuning, unseen = halves(language)

    assert len(keys) == len(set(keys)) >= 80
    assert len(tuning) == len(unseen) == 30
    assert {key for _, key in tuning + unseen} <= set(keys)
