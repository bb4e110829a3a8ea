"""API tokens: for programs, with a role and scopes, shown once. Owns `api_tokens`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from channels.text import one_line
from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.api_token import TokenCreated, TokenRevoked
from schemas.ids import new_id, scoped_id
from services.access import policy, sight, users
from services.access.desk import AccessDesk
from services.access.digests import digest, new_secret
from services.access.identity import Identity, Role
from services.access.scopes import SCOPES

DAYS_MAX = 36_500  # a century

_PREFIX = "cauce_"  # so that a scanner of source code knows what it found
_NAME_MAX_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token once it was shown. `owner` empty: made on the command line."""

    id: UUID
    name: str
    role: Role
    scopes: tuple[str, ...]
    owner: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made. `scopes` empty: all that the role may; `owner`: the user with whom it ends."""

    role: Role | str
    name: str = ""
    expires_days: int | None = None
    scopes: Collection[str] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """`secret` is shown this once."""

    id: UUID
    name: str
    secret: str


def create_token(
    desk: AccessDesk,
    role: Role | str,
    name: str = "",
    expires_days: int | None = None,
    *,
    scopes: Collection[str] = (),
    owner: str = "",
) -> str:
    """A new token, to be shown this once. Raises InvalidError."""
    return add_token(desk, NewToken(role, name, expires_days, scopes, owner)).secret


def add_token(desk: AccessDesk, new: NewToken, key: str | None = None) -> Made:
    """Likewise. `key`: the caller's of this command. Raises InvalidError, ConflictError when it was used before."""
    role = users.as_role(new.role)
    wanted = one_line(new.name) or f"{role} token"
    if len(wanted) > _NAME_MAX_CHARACTERS:
        raise InvalidError(f"a token's name has at most {_NAME_MAX_CHARACTERS} characters", field="name")
    if new.expires_days is not None and not 0 < new.expires_days < DAYS_MAX:
        raise InvalidError(f"a token lasts 1 to {DAYS_MAX - 1} days", field="expires")
    scopes = tuple(sorted(set(new.scopes)))
    if not SCOPES.issuperset(scopes):
        raise InvalidError(f"scopes are {', '.join(sorted(SCOPES))}", field="scopes")
    made = Made(
        id=new_id() if key is None else scoped_id("token", desk.by, key),
        name=_free_name(desk.connection, wanted),
        secret=new_secret(_PREFIX),
    )
    expires_at = desk.now + timedelta(days=new.expires_days) if new.expires_days is not None else None
    added = desk.connection.execute(
        "INSERT INTO api_tokens (id, digest, name, role, scopes, owner, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
        (made.id, digest(made.secret), made.name, role, list(scopes), new.owner or None, expires_at),
    ).rowcount
    if not added:
        raise ConflictError("this Idempotency-Key made a token already; it was shown once", field="Idempotency-Key")
    desk.record(
        TokenCreated(
            token=made.id,
            name=made.name,
            role=role,
            scopes=scopes,
            owner=new.owner,
            expires_at=expires_at,
            by=desk.by,
            at=desk.now,
        )
    )
    return made


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
    """Who shows this token, while it is valid, its owner may come in, and it may no more than they."""
    row: tuple[str, str, list[str], str | None, str | None, bool, list[str]] | None = connection.execute(
        "SELECT api_tokens.name, api_tokens.role, scopes, owner, users.role,"
        " coalesce(last_used_at < now() - interval '1 hour', true), hidden_from(owner)"
        " FROM api_tokens LEFT JOIN users ON users.name = owner"
        " WHERE digest = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
        " AND (owner IS NULL OR users.disabled_at IS NULL)",
        (digest(token),),
    ).fetchone()
    if row is None:
        return None
    name, role, scopes, owner, owners, unused, hidden = row
    if owners is not None and not policy.includes(Role(owners), Role(role)):
        return None
    if unused:
        connection.execute("UPDATE api_tokens SET last_used_at = now() WHERE digest = %s", (digest(token),))
    seen = sight.of(Role(role), owner or "", hidden)
    return Identity(name, Role(role), scopes=frozenset(scopes), owner=owner or "", sight=seen)


def list_tokens(connection: Connection) -> list[ApiToken]:
    """All, newest first."""
    rows: Sequence[
        tuple[UUID, str, str, list[str], str, datetime, datetime | None, datetime | None, datetime | None]
    ] = connection.execute(
        "SELECT id, name, role, scopes, coalesce(owner, ''), created_at, expires_at, revoked_at, last_used_at"
        " FROM api_tokens ORDER BY created_at DESC, id"
    ).fetchall()
    return [
        ApiToken(token, name, Role(role), tuple(scopes), owner, created, expires, revoked, used)
        for token, name, role, scopes, owner, created, expires, revoked, used in rows
    ]


def revoke_token(desk: AccessDesk, token: UUID) -> None:
    """From the next request on it opens nothing. Raises NotFoundError."""
    row = desk.connection.execute(
        "UPDATE api_tokens SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL RETURNING name", (token,)
    ).fetchone()
    if row is not None:
        desk.record(TokenRevoked(token=token, name=row[0], by=desk.by, at=desk.now))
    elif desk.connection.execute("SELECT 1 FROM api_tokens WHERE id = %s", (token,)).fetchone() is None:
        raise NotFoundError(f"no token {token}")
