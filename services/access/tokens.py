"""API tokens: for programs, with a role, shown once. Owns `api_tokens`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from eventstore.database import Connection
from schemas.errors import InvalidError, NotFoundError
from services.access.digests import digest, new_secret
from services.access.identity import Identity, Role

_PREFIX = "cauce_"  # so that a scanner of source code knows what it found
_NAME_MAX_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token once it was shown."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def create_token(connection: Connection, role: Role | str, name: str = "", expires_days: int | None = None) -> str:
    """A new token, to be shown this once. Raises InvalidError."""
    try:
        known = Role(role)
    except ValueError as error:
        raise InvalidError("a role is agent, analyst or admin", field="role") from error
    if len(name) > _NAME_MAX_CHARACTERS or "\x00" in name:
        raise InvalidError(f"a token's name has at most {_NAME_MAX_CHARACTERS} characters", field="name")
    if expires_days is not None and not 0 < expires_days < 36_500:  # noqa: PLR2004 -- a century
        raise InvalidError("a token lasts at least a day", field="expires")
    token = new_secret(_PREFIX)
    connection.execute(
        "INSERT INTO api_tokens (digest, name, role, expires_at) VALUES (%s, %s, %s, now() + %s)",
        (
            digest(token),
            _free_name(connection, name or f"{known} token"),
            known,
            timedelta(days=expires_days) if expires_days is not None else None,
        ),
    )
    return token


def _free_name(connection: Connection, wanted: str) -> str:
    # it stands in facts as `by` and scopes Idempotency-Keys: no two that are valid may share one, nor have a user's
    taken = connection.execute(
        "SELECT name FROM api_tokens WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
        " UNION SELECT name FROM users"
    ).fetchall()
    names = {name for (name,) in taken}
    numbered = (f"{wanted} {number}" for number in count(2))
    return wanted if wanted not in names else next(name for name in numbered if name not in names)


def of_token(connection: Connection, token: str) -> Identity | None:
    """Who shows this token, while it is valid."""
    row: tuple[str, str] | None = connection.execute(
        "SELECT name, role FROM api_tokens WHERE digest = %s AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > now())",
        (digest(token),),
    ).fetchone()
    return Identity(row[0], Role(row[1])) if row else None


def list_tokens(connection: Connection) -> list[ApiToken]:
    """All, newest first."""
    rows: Sequence[tuple[UUID, str, str, datetime, datetime | None, datetime | None]] = connection.execute(
        "SELECT id, name, role, created_at, expires_at, revoked_at FROM api_tokens ORDER BY created_at DESC, id"
    ).fetchall()
    return [
        ApiToken(token, name, Role(role), created, expires, revoked)
        for token, name, role, created, expires, revoked in rows
    ]


def revoke_token(connection: Connection, token: UUID) -> None:
    """From the next request on it opens nothing. Raises NotFoundError."""
    changed = connection.execute(
        "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s", (token,)
    ).rowcount
    if not changed:
        raise NotFoundError(f"no token {token}")
