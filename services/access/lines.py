"""Telephone lines: which telephone system may post to `/cti/{line}`, by a key in the URL. Owns `lines`."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
import psycopg

from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError, NotFoundError
from services.access.digests import digest, new_secret

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Line(msgspec.Struct, frozen=True):
    """A line, without its secret."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def create_line(connection: Connection, name: str) -> str:
    """The key of a new line, to be shown this once. Raises InvalidError, ConflictError when it exists."""
    if _NAME.fullmatch(name) is None:
        raise InvalidError("a line's name has 1 to 64 of a-z 0-9 _ -", field="name")
    key = new_secret()
    try:
        connection.execute("INSERT INTO lines (name, digest) VALUES (%s, %s)", (name, digest(key)))
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError(f"there is a line {name} already", field="name") from error
    return key


def put_line(connection: Connection, name: str) -> str:
    """A new key for the line, made if there is none: for demo and repeated starts. The old key is void."""
    key = new_secret()
    connection.execute(
        "INSERT INTO lines (name, digest) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE"
        " SET digest = excluded.digest, revoked_at = NULL",
        (name, digest(key)),
    )
    return key


def is_line_key(connection: Connection, name: str, key: str) -> bool:
    """May who shows this key speak for this line?"""
    row: tuple[bytes] | None = connection.execute(
        "SELECT digest FROM lines WHERE name = %s AND revoked_at IS NULL", (name.replace("\x00", ""),)
    ).fetchone()
    return row is not None and hmac.compare_digest(row[0], digest(key))


def list_lines(connection: Connection) -> list[Line]:
    """All of them, those in use first."""
    rows: Sequence[tuple[str, datetime, datetime | None]] = connection.execute(
        "SELECT name, created_at, revoked_at FROM lines ORDER BY revoked_at IS NOT NULL, name"
    ).fetchall()
    return [Line(*row) for row in rows]


def revoke_line(connection: Connection, name: str) -> Line:
    """Its key is void from now on; the name stays taken, for calls are known by it. Raises NotFoundError."""
    row: tuple[str, datetime, datetime | None] | None = connection.execute(
        "UPDATE lines SET revoked_at = coalesce(revoked_at, now()) WHERE name = %s"
        " RETURNING name, created_at, revoked_at",
        (name.replace("\x00", ""),),
    ).fetchone()
    if row is None:
        raise NotFoundError("there is no such line")
    return Line(*row)
