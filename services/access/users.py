"""Users: a login name, a role, an argon2 hash; and signing in, slowed down for who guesses. Owns `users`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import psycopg
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError, NotFoundError
from services.access.identity import Role

PASSWORD_MIN_CHARACTERS = 8
PASSWORD_MAX_CHARACTERS = 256

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_hasher = PasswordHash.recommended()


@cache
def _nobody() -> str:
    """A hash to check against when there is no user. Made when first needed: it takes a quarter of a second."""
    return _hasher.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in."""

    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


def create_user(connection: Connection, name: str, role: Role | str, password: str) -> str:
    """Returns the name as kept, in lower case. Raises InvalidError, ConflictError when it is taken."""
    folded = login_name(name)
    try:
        connection.execute(
            "INSERT INTO users (name, role, password_hash) VALUES (%s, %s, %s)",
            (folded, _role(role), hash_password(password)),
        )
    except psycopg.errors.UniqueViolation as error:
        raise ConflictError(f"there is a user {folded} already", field="name") from error
    return folded


def put_user(connection: Connection, name: str, role: Role | str, password: str) -> str:
    """Create the user, or set the role and password of the one there is: for demo and repeated starts."""
    folded = login_name(name)
    connection.execute(
        "INSERT INTO users (name, role, password_hash) VALUES (%s, %s, %s) ON CONFLICT (name) DO UPDATE"
        " SET role = excluded.role, password_hash = excluded.password_hash, disabled_at = NULL",
        (folded, _role(role), hash_password(password)),
    )
    return folded


def disable_user(connection: Connection, name: str) -> None:
    """End their sessions and let them in no more. What they did keeps their name. Raises NotFoundError."""
    changed = connection.execute(
        "UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE name = %s", (name.lower(),)
    ).rowcount
    if not changed:
        raise NotFoundError(f"no user {name}")
    connection.execute("DELETE FROM sessions WHERE user_name = %s", (name.lower(),))


def list_users(connection: Connection) -> list[User]:
    """All, by name."""
    rows: Sequence[tuple[str, str, datetime, datetime | None]] = connection.execute(
        "SELECT name, role, created_at, disabled_at FROM users ORDER BY name"
    ).fetchall()
    return [User(name, Role(role), created, disabled) for name, role, created, disabled in rows]


def assignable(connection: Connection) -> list[str]:
    """Who may have an incident."""
    rows: Sequence[tuple[str]] = connection.execute(
        "SELECT name FROM users WHERE disabled_at IS NULL AND role IN ('agent', 'admin') ORDER BY name"
    ).fetchall()
    return [name for (name,) in rows]


def password_hash(connection: Connection, name: str) -> str | None:
    """The hash of an active user's password."""
    row: tuple[str] | None = connection.execute(
        "SELECT password_hash FROM users WHERE name = %s AND disabled_at IS NULL", (name,)
    ).fetchone()
    return row[0] if row else None


def hash_password(password: str) -> str:
    """argon2id, slow on purpose (≈ 50 ms). Raises InvalidError for one too short or too long."""
    if not PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS:
        message = f"a password has {PASSWORD_MIN_CHARACTERS} to {PASSWORD_MAX_CHARACTERS} characters"
        raise InvalidError(message, field="password")
    return _hasher.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Does it fit? Takes as long when there is no such user, so that names can't be found by the clock."""
    nobody = _nobody()
    try:
        fits = _hasher.verify(password[:PASSWORD_MAX_CHARACTERS], kept or nobody)
    except (UnknownHashError, UnicodeEncodeError):
        return False
    return fits and kept is not None


def login_name(name: str) -> str:
    """In lower case. Raises InvalidError."""
    folded = name.strip().lower()
    if _NAME.fullmatch(folded) is None:
        raise InvalidError("a login name has 1 to 64 of a-z 0-9 . _ @ + -", field="name")
    return folded


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise InvalidError("a role is agent, analyst or admin", field="role") from error
