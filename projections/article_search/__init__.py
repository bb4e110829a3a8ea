"""Search in articles: their words, words that mean the same, and what is found by them."""

from projections.article_search.fold import ARTICLE_SEARCH, SynonymsRow
from projections.article_search.groups import groups, removed_lately
from projections.article_search.ranking import Chosen
from projections.article_search.search import Found, Results, search

__all__ = ["ARTICLE_SEARCH", "Chosen", "Found", "Results", "SynonymsRow", "groups", "removed_lately", "search"]
