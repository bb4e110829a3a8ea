"""Which blobs are files of articles: kept for ever, as editions are; nobody's personal data, so under no key."""

from __future__ import annotations

from eventstore import store
from eventstore.database import Connection
from eventstore.keys import Keys
from schemas.facts.shelving import ArticleFileAdded

_PAGE = 1_000


def named(connection: Connection, keys: Keys) -> set[str]:
    """All of them, of removed files too: what was taken off can be asked for in history."""
    found: set[str] = set()
    position = 0
    while events := store.read_types_after(connection, position, _PAGE, (ArticleFileAdded.type_name,)):
        position = events[-1].position
        facts = (event.fact(keys) for event in events)
        found |= {fact.content.blob for fact in facts if isinstance(fact, ArticleFileAdded)}
    return found
