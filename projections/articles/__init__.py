"""Knowledge: what readers find, and what those who write it see of it."""

from projections.articles.fold import ARTICLES, product_key
from projections.articles.read import Article, Outline, files, find, get, get_each, outlines, product_named, redirect_of
from projections.articles.readers import AGENT, ANYBODY, READABLE, Reader
from projections.articles.rows import ArticleRow, EditionRow, FileRow, FlagRow, GapRow, PinRow

__all__ = [
    "AGENT",
    "ANYBODY",
    "ARTICLES",
    "READABLE",
    "Article",
    "ArticleRow",
    "EditionRow",
    "FileRow",
    "FlagRow",
    "GapRow",
    "Outline",
    "PinRow",
    "Reader",
    "files",
    "find",
    "get",
    "get_each",
    "outlines",
    "product_key",
    "product_named",
    "redirect_of",
]
