"""What agents look up beside an incident: how similar ones were solved, articles, mentions of them, tags in use."""

from projections.casework.fold import CASEWORK
from projections.casework.read import (
    LinkedArticle,
    Mention,
    Solved,
    TagUse,
    linked_articles,
    mentions,
    similar,
    tags,
    unseen,
)

__all__ = [
    "CASEWORK",
    "LinkedArticle",
    "Mention",
    "Solved",
    "TagUse",
    "linked_articles",
    "mentions",
    "similar",
    "tags",
    "unseen",
]
