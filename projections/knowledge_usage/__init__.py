"""How knowledge is used: read, found, voted on, suggested, and followed by a contact all the same."""

from projections.knowledge_usage.fold import KNOWLEDGE_USAGE
from projections.knowledge_usage.placement import wanted
from projections.knowledge_usage.read import read

__all__ = ["KNOWLEDGE_USAGE", "read", "wanted"]
