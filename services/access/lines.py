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
from schemas.facts.line import LineCreated, LineKeyRenewed, LineRevoked, line_id
from services.access.desk import AccessDesk
from services.access.digests import digest, new_secret

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Line(msgspec.Struct, frozen=True):
    """A line, without its secret."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def create_line(desk: AccessDesk, name: str) -> str:
    """The key of a new line, to be shown this once. Raises InvalidError, ConflictError when it exists."""
    if _NAME.fullmatch(name) is None:
        raise InvalidError("a line's name has 1 to 64 of a-z 0-9 _ -", field="name")
    key = new_secret()
    try:
        desk.connection.execute("INSERT INTO lines (name, digest) VALUES (%s, %s)", (name, digest(key)))
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError(f"there is a line {name} already", field="name") from error
    desk.record(LineCreated(line=line_id(name), name=name, by=desk.by, at=desk.now))
    return key


def put_line(desk: AccessDesk, name: str) -> str:
    """A new key for the line, made if there is none: for demo and repeated starts. The old key is void."""
    if name not in {line.name for line in list_lines(desk.connection)}:
        return create_line(desk, name)
    key = new_secret()
    desk.connection.execute("UPDATE lines SET digest = %s, revoked_at = NULL WHERE name = %s", (digest(key), name))
    desk.record(LineKeyRenewed(line=line_id(name), name=name, by=desk.by, at=desk.now))
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


def revoke_line(desk: AccessDesk, name: str) -> Line:
    """Its key is void from now on; the name stays taken, for calls are known by it. Raises NotFoundError."""
    line = next((each for each in list_lines(desk.connection) if each.name == name), None)
    if line is None:
        raise NotFoundError("there is no such line")
    if line.revoked_at is not None:
        return line
    desk.connection.execute("UPDATE lines SET revoked_at = %s WHERE name = %s", (desk.now, name))
    desk.record(LineRevoked(line=line_id(name), name=name, by=desk.by, at=desk.now))
    return Line(name, line.created_at, desk.now)
