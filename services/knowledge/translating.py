"""That an article has one translation into a language, as far as is read: two at the same moment may both be begun."""

from __future__ import annotations

from uuid import UUID

from eventstore.database import Connection
from projections.articles import desk
from schemas.errors import ConflictError
from schemas.language import base_language


def refuse_another(connection: Connection, original: UUID, article: UUID, language: str) -> None:
    """Raises ConflictError where another article than this is that translation already, and not retired."""
    for each in desk.translations(connection, original):
        if each.id != article and base_language(each.language) == base_language(language):
            raise ConflictError(f"there is one in that language: {each.title} (/knowledge/{each.id})", field="language")
