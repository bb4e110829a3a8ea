"""That an article has one translation into a language. Owns `article_translations`; asked under the log's lock."""

from __future__ import annotations

from uuid import UUID

from eventstore.database import Connection
from projections.articles import desk
from schemas.errors import ConflictError
from schemas.language import base_language
from services.knowledge.state import Article


def holder(connection: Connection, place: tuple[UUID, str]) -> UUID | None:
    """Who took this place last. Translations from before the table are known by what is read."""
    query = "SELECT article FROM article_translations WHERE (original, language) = (%s, %s)"
    if row := connection.execute(query, place).fetchone():
        return UUID(str(row[0]))
    if connection.execute("SELECT to_regclass('articles')").fetchone() == (None,):  # nobody has read this hub yet
        return None
    original, language = place
    there = desk.translations(connection, original)
    return next((each.id for each in there if base_language(each.language) == language), None)


def refuse_second(place: tuple[UUID, str], other: UUID, rival: Article) -> None:
    """Raises ConflictError where the rival still stands in that place."""
    text = rival.text or rival.draft
    if rival.place == place and text is not None:
        raise ConflictError(f"there is one in that language: {text.title} (/knowledge/{other})", field="language")


def take(connection: Connection, place: tuple[UUID, str], article: UUID) -> None:
    """From now on the place is this article's."""
    connection.execute(
        "INSERT INTO article_translations (original, language, article) VALUES (%s, %s, %s)"
        " ON CONFLICT (original, language) DO UPDATE SET article = EXCLUDED.article",
        (*place, article),
    )
