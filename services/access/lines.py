"""Telephone lines: which telephone system may post to `/cti/{line}`, by a key in the URL. Owns `lines`."""

from __future__ import annotations

import hmac
import re

import psycopg

from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError
from services.access.digests import digest, new_secret

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


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
        "INSERT INTO lines (name, digest) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET digest = excluded.digest",
        (name, digest(key)),
    )
    return key


def is_line_key(connection: Connection, name: str, key: str) -> bool:
    """May who shows this key speak for this line?"""
    row: tuple[bytes] | None = connection.execute(
        "SELECT digest FROM lines WHERE name = %s", (name.replace("\x00", ""),)
    ).fetchone()
    return row is not None and hmac.compare_digest(row[0], digest(key))
