"""Vectors of published articles, for finding them by meaning where `CAUCE_EMBEDDINGS` asks for it.

No read model: a model outside made them, so no rebuild computes them. services/knowledge/meaning fills them in, and
article_search ranks by them. Whom an article is for is asked of the articles themselves: nothing of it is kept here.
"""

from projections.article_vectors.filling import Pending, begin, keep, pending, prune, set_floor
from projections.article_vectors.nearest import NEAREST, Meaning, farthest
from projections.article_vectors.standing import Progress, check, prepare, progress

__all__ = [
    "NEAREST",
    "Meaning",
    "Pending",
    "Progress",
    "begin",
    "check",
    "farthest",
    "keep",
    "pending",
    "prepare",
    "progress",
    "prune",
    "set_floor",
]
