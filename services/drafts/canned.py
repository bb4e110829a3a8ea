"""Canned replies: our own sentences with places for names, the team's or one user's. Owns `canned_replies`.

A table, not facts: no customer's words, nothing to replay; what was sent with them is in the history anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import class_row

from eventstore.database import Connection
from schemas.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError

NAME_MAX_CHARACTERS = 80
BODY_MAX_CHARACTERS = 10_000
LANGUAGES = ("", "es", "en")
_MOST = 500

PLACES = ("customer.name", "incident.number", "incident.subject", "agent.name")
"""What can stand between `{{` and `}}`."""

_PLACE = re.compile(r"\{\{\s*([a-z.]{1,40})\s*\}\}")


class Canned(msgspec.Struct, frozen=True):
    """A canned reply. `personal`: only its owner's; `language`: es, en, or empty for any."""

    id: UUID
    name: str
    body: str
    language: str
    personal: bool
    updated_by: str
    updated_at: datetime


def of(connection: Connection, user: str, *, q: str = "", language: str = "") -> list[Canned]:
    """The team's and this user's, by name; those in another language than the asked one are left out."""
    like = "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    with connection.cursor(row_factory=class_row(Canned)) as reader:
        return reader.execute(
            "SELECT id, name, body, language, owner IS NOT NULL AS personal, updated_by, updated_at FROM canned_replies"
            " WHERE (owner IS NULL OR owner = %(user)s) AND (name ILIKE %(like)s OR body ILIKE %(like)s)"
            " AND (%(language)s = '' OR language IN ('', %(language)s)) ORDER BY lower(name), language LIMIT %(most)s",
            {"user": user, "like": like, "language": language, "most": _MOST},
        ).fetchall()


def get(connection: Connection, canned: UUID, user: str) -> Canned:
    """One the user may use. Raises NotFoundError."""
    with connection.cursor(row_factory=class_row(Canned)) as reader:
        found = reader.execute(
            "SELECT id, name, body, language, owner IS NOT NULL AS personal, updated_by, updated_at FROM canned_replies"
            " WHERE id = %s AND (owner IS NULL OR owner = %s)",
            (canned, user),
        ).fetchone()
    if found is None:
        raise NotFoundError("no such canned reply")
    return found


def create(connection: Connection, *, name: str, body: str, language: str, personal: bool, by: str) -> UUID:
    """A new one. Raises InvalidError, ConflictError where the name is taken in that language."""
    _check(name, body, language)
    try:
        row = connection.execute(
            "INSERT INTO canned_replies (owner, language, name, body, updated_by) VALUES (%s, %s, %s, %s, %s)"
            " RETURNING id",
            (by if personal else None, language, name.strip(), body, by),
        ).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError("there is one of that name already", field="name") from error
    assert row is not None  # noqa: S101 -- RETURNING
    made: UUID = row[0]
    return made


def change(connection: Connection, canned: UUID, *, name: str, body: str, language: str, by: str) -> None:
    """Another text. Raises NotFoundError, InvalidError, ConflictError."""
    get(connection, canned, by)
    _check(name, body, language)
    try:
        connection.execute(
            "UPDATE canned_replies SET name = %s, body = %s, language = %s, updated_by = %s, updated_at = now()"
            " WHERE id = %s",
            (name.strip(), body, language, by, canned),
        )
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError("there is one of that name already", field="name") from error


def remove(connection: Connection, canned: UUID, *, by: str) -> None:
    """Not needed any more. Raises NotFoundError, ForbiddenError."""
    get(connection, canned, by)
    if not connection.execute("DELETE FROM canned_replies WHERE id = %s", (canned,)).rowcount:
        raise ForbiddenError("somebody else took it away")


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text with what is known in its places; a place nobody knows stays, so that it is seen before it is sent."""
    return _PLACE.sub(lambda found: values.get(found[1]) or found[0], body)


def unknown_places(body: str) -> Sequence[str]:
    """Names between braces that mean nothing."""
    return [name for name in _PLACE.findall(body) if name not in PLACES]


def _check(name: str, body: str, language: str) -> None:
    if not 1 <= len(name.strip()) <= NAME_MAX_CHARACTERS:
        raise InvalidError(f"a name has 1 to {NAME_MAX_CHARACTERS} characters", field="name")
    if not body.strip() or len(body) > BODY_MAX_CHARACTERS:
        raise InvalidError(f"a text has 1 to {BODY_MAX_CHARACTERS} characters", field="body")
    if language not in LANGUAGES:
        raise InvalidError("a language is es, en, or nothing", field="language")
    if strange := unknown_places(body):
        raise InvalidError(f"there is no {strange[0]}: {', '.join(PLACES)}", field="body")
