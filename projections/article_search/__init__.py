"""Search in articles: their words, words that mean the same, and what is found by them."""

from projections.article_search.fold import ARTICLE_SEARCH
from projections.article_search.ranking import Chosen
from projections.article_search.search import Found, Results, search

__all__ = ["ARTICLE_SEARCH", "Chosen", "Found", "Results", "search"]
