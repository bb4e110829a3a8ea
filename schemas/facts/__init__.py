"""Every fact of Cauce, by category. Importing this fills the registry."""

from __future__ import annotations

from schemas.facts import article, call, customer, incident, interaction, visit
from schemas.facts.kind import REGISTRY, Fact, Personal, stream_id, stream_of

__all__ = [
    "REGISTRY",
    "Fact",
    "Personal",
    "article",
    "call",
    "customer",
    "incident",
    "interaction",
    "stream_id",
    "stream_of",
    "visit",
]
