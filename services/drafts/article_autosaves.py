"""What an agent types into an article, kept as they type, until they save it. Owns `article_autosaves`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection

_AT_WORK_MINUTES = 15


class Autosave(msgspec.Struct, frozen=True):
    """`wording`: of the text it was begun with."""

    title: str
    body: str
    wording: int
    updated_at: datetime


class AtWork(msgspec.Struct, frozen=True):
    """Somebody else who typed into it a moment ago."""

    agent: str
    updated_at: datetime


def keep(connection: Connection, article: UUID, *, title: str, body: str, wording: int, by: str) -> None:
    """In the place of what they typed before."""
    connection.execute(
        "INSERT INTO article_autosaves (agent, article, title, body, wording)"
        " VALUES (%(agent)s, %(article)s, %(title)s, %(body)s, %(wording)s) ON CONFLICT (agent, article) DO UPDATE"
        " SET title = excluded.title, body = excluded.body, wording = excluded.wording, updated_at = now()",
        {"agent": by, "article": article, "title": title, "body": body, "wording": wording},
    )


def of(connection: Connection, article: UUID, *, by: str) -> Autosave | None:
    """What they typed and have not saved."""
    with connection.cursor(row_factory=class_row(Autosave)) as rows:
        return rows.execute(
            "SELECT title, body, wording, updated_at FROM article_autosaves WHERE agent = %s AND article = %s",
            (by, article),
        ).fetchone()


def others(connection: Connection, article: UUID, *, by: str) -> list[AtWork]:
    """Who else is at work on it, the last to type first."""
    with connection.cursor(row_factory=class_row(AtWork)) as rows:
        return rows.execute(
            "SELECT agent, updated_at FROM article_autosaves WHERE article = %s AND agent <> %s"
            " AND updated_at > now() - make_interval(mins => %s) ORDER BY updated_at DESC LIMIT 5",
            (article, by, _AT_WORK_MINUTES),
        ).fetchall()


def drop(connection: Connection, article: UUID, *, by: str) -> None:
    """It was saved, or thrown away."""
    connection.execute("DELETE FROM article_autosaves WHERE agent = %s AND article = %s", (by, article))
