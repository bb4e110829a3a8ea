"""Users: a login name, a role, an argon2 hash or an identity provider. Owns `users`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from channels.text import one_line
from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.user import (
    EmailChanged,
    Mailbox,
    PasswordChanged,
    PlacesForgotten,
    RoleChanged,
    SessionEnd,
    UserCreated,
    UserDisabled,
    UserEnabled,
)
from schemas.ids import new_id
from services.access import ending
from services.access.desk import AccessDesk
from services.access.identity import Role
from services.access.passwords import hash_password

EMAIL_MAX_CHARACTERS = 254

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in. `password`, `provider`: what lets them in; `second_factor`: a code is asked for too."""

    id: UUID
    name: str
    role: Role
    email: str
    teams: tuple[str, ...]
    password: bool
    second_factor: bool
    provider: bool
    created_at: datetime
    disabled_at: datetime | None


_Row = tuple[UUID, str, str, str, list[str], bool, bool, bool, datetime, datetime | None]


def get(connection: Connection, name: str) -> User:
    """One, whether or not they may come in. Raises NotFoundError."""
    row: _Row | None = connection.execute(
        "SELECT id, name, role, coalesce(email, ''), ARRAY(SELECT team FROM team_members WHERE user_name = name"
        "  ORDER BY team), password_hash IS NOT NULL,"
        "  EXISTS (SELECT FROM totp WHERE user_name = name AND confirmed_at IS NOT NULL),"
        "  issuer IS NOT NULL, created_at, disabled_at FROM users WHERE name = %s",
        (name,),
    ).fetchone()
    if row is None:
        raise NotFoundError(f"no user {name}")
    return _user(row)


def list_users(connection: Connection) -> list[User]:
    """All, by name."""
    rows: Sequence[_Row] = connection.execute(
        "SELECT id, name, role, coalesce(email, ''), ARRAY(SELECT team FROM team_members WHERE user_name = name"
        "  ORDER BY team), password_hash IS NOT NULL,"
        "  EXISTS (SELECT FROM totp WHERE user_name = name AND confirmed_at IS NOT NULL),"
        "  issuer IS NOT NULL, created_at, disabled_at FROM users ORDER BY name"
    ).fetchall()
    return [_user(row) for row in rows]


def assignable(connection: Connection) -> list[str]:
    """Who may have an incident."""
    rows: Sequence[tuple[str]] = connection.execute(
        "SELECT name FROM users WHERE disabled_at IS NULL AND role IN ('agent', 'admin') ORDER BY name"
    ).fetchall()
    return [name for (name,) in rows]


def password_hash(connection: Connection, name: str) -> str | None:
    """The hash of an active user's password."""
    row: tuple[str | None] | None = connection.execute(
        "SELECT password_hash FROM users WHERE name = %s AND disabled_at IS NULL", (name,)
    ).fetchone()
    return row[0] if row else None


def is_users_mail(connection: Connection, address: str) -> bool:
    """Is it the mail address of an active user?"""
    found = connection.execute("SELECT FROM users WHERE email = %s AND disabled_at IS NULL", (address,)).fetchone()
    return found is not None


def create_user(desk: AccessDesk, name: str, role: Role | str, password: str | None, email: str = "") -> str:
    """Returns the name as kept, in lower case. `password` None: only an identity provider lets them in.

    Raises InvalidError, ConflictError when the name is a user's or a token's, or the mail address another's.
    """
    folded, known = login_name(name), as_role(role)
    hashed = None if password is None else hash_password(password)
    return _insert(desk, folded, known, hashed, mail_address(email))


def create_hashed(desk: AccessDesk, name: str, role: Role | str, hashed: str | None, email: str = "") -> str:
    """The same with a password hashed beforehand: nothing slow under the lock."""
    return _insert(desk, login_name(name), as_role(role), hashed, mail_address(email))


def put_user(desk: AccessDesk, name: str, role: Role | str, password: str) -> str:
    """Create the user, or set the role and password of the one there is: for demo and repeated starts."""
    folded = login_name(name)
    if folded not in {user.name for user in list_users(desk.connection)}:
        return create_user(desk, folded, role, password)
    enable_user(desk, folded)
    set_role(desk, folded, role, last_admin=True)
    set_password(desk, folded, hash_password(password))
    return folded


def set_role(desk: AccessDesk, name: str, role: Role | str, *, last_admin: bool = False) -> None:
    """They may do other things now, from the next request on. Raises ConflictError for the last admin's."""
    user, known = get(desk.connection, name), as_role(role)
    if user.role is known:
        return
    if not last_admin:
        _refuse_without_admin(desk.connection, user)
    desk.connection.execute("UPDATE users SET role = %s WHERE name = %s", (known, name))
    desk.record(RoleChanged(user=user.id, name=name, role=known, was=user.role, by=desk.by, at=desk.now))


def set_password(desk: AccessDesk, name: str, hashed: str, *, keep: bytes | None = None) -> None:
    """A new password (`passwords.hash_password`); their sessions end, but for the one with the digest `keep`."""
    user = get(desk.connection, name)
    desk.connection.execute("UPDATE users SET password_hash = %s WHERE name = %s", (hashed, name))
    desk.record(PasswordChanged(user=user.id, name=name, by=desk.by, at=desk.now))
    ending.end_all(desk, user.id, name, SessionEnd.PASSWORD_CHANGED, keep=keep)


def set_email(desk: AccessDesk, name: str, email: str) -> None:
    """Whom an identity provider means; what was unlinked from them may be linked again.

    Raises InvalidError, ConflictError when it is another's.
    """
    user, kept = get(desk.connection, name), mail_address(email)
    if kept != user.email:
        _refuse_shared(desk.connection, kept)
        desk.connection.execute("UPDATE users SET email = %s WHERE name = %s", (kept or None, name))
        desk.connection.execute("DELETE FROM unlinked_identities WHERE user_name = %s", (name,))
        desk.record(_email_changed(desk, user.id, name, kept))


def set_language(connection: Connection, name: str, language: str) -> None:
    """Of their screens; empty: as the browser asks."""
    connection.execute("UPDATE users SET language = %s WHERE name = %s", (language, name))


def set_shortcuts(connection: Connection, name: str, *, on: bool) -> None:
    """Shortcuts of single keys, wherever they sign in."""
    connection.execute("UPDATE users SET shortcuts = %s WHERE name = %s", (on, name))


def disable_user(desk: AccessDesk, name: str) -> None:
    """End their sessions and tokens and let them in no more. What they did keeps their name.

    Raises NotFoundError, ConflictError for the last admin.
    """
    user = get(desk.connection, name)
    if user.disabled_at is not None:
        return
    _refuse_without_admin(desk.connection, user)
    desk.connection.execute("UPDATE users SET disabled_at = now() WHERE name = %s", (name,))
    desk.record(UserDisabled(user=user.id, name=name, by=desk.by, at=desk.now))
    ending.end_all(desk, user.id, name, SessionEnd.DISABLED)
    ending.revoke_all(desk, name)


def enable_user(desk: AccessDesk, name: str) -> None:
    """Let them in again, with what they had but for sessions and tokens. Raises NotFoundError."""
    user = get(desk.connection, name)
    if user.disabled_at is not None:
        desk.connection.execute("UPDATE users SET disabled_at = NULL WHERE name = %s", (name,))
        desk.record(UserEnabled(user=user.id, name=name, by=desk.by, at=desk.now))


def forget_places(desk: AccessDesk, name: str) -> None:
    """Destroy the key that sealed where they came from. Raises NotFoundError."""
    user = get(desk.connection, name)
    desk.ledger.keys.destroy(desk.connection, [user.id])
    desk.connection.execute("UPDATE sessions SET network = '', browser = '' WHERE user_name = %s", (name,))
    desk.record(PlacesForgotten(user=user.id, name=name, by=desk.by, at=desk.now))


def login_name(name: str) -> str:
    """In lower case. Raises InvalidError."""
    folded = name.strip().lower()
    if _NAME.fullmatch(folded) is None:
        raise InvalidError("a login name has 1 to 64 of a-z 0-9 . _ @ + -", field="name")
    return folded


def mail_address(text: str) -> str:
    """In lower case; empty stays empty. Raises InvalidError."""
    folded = one_line(text).lower()
    if folded and (len(folded) > EMAIL_MAX_CHARACTERS or _EMAIL.fullmatch(folded) is None):
        raise InvalidError("not a mail address", field="email")
    return folded


def as_role(role: Role | str) -> Role:
    """Raises InvalidError."""
    try:
        return Role(role)
    except ValueError as error:
        raise InvalidError("a role is agent, analyst or admin", field="role") from error


def _insert(desk: AccessDesk, name: str, role: Role, hashed: str | None, email: str) -> str:
    if is_taken(desk.connection, name):
        raise ConflictError(f"there is a user or a token {name} already", field="name")
    _refuse_shared(desk.connection, email)
    user = new_id()
    desk.connection.execute(
        "INSERT INTO users (id, name, role, password_hash, email) VALUES (%s, %s, %s, %s, %s)",
        (user, name, role, hashed, email or None),
    )
    desk.record(UserCreated(user=user, name=name, role=role, by=desk.by, at=desk.now))
    if email:
        desk.record(_email_changed(desk, user, name, email))
    return name


def _email_changed(desk: AccessDesk, user: UUID, name: str, email: str) -> EmailChanged:
    return EmailChanged(user=user, name=name, address=user, by=desk.by, at=desk.now, personal=Mailbox(email=email))


def is_taken(connection: Connection, name: str) -> bool:
    """Is it a user's, or a valid token's? Both stand in facts as `by`, and scope Idempotency-Keys."""
    row = connection.execute(
        "SELECT 1 FROM users WHERE name = %(name)s UNION ALL SELECT 1 FROM api_tokens WHERE name = %(name)s"
        " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) LIMIT 1",
        {"name": name},
    ).fetchone()
    return row is not None


def _refuse_shared(connection: Connection, email: str) -> None:
    if email and connection.execute("SELECT 1 FROM users WHERE email = %s", (email,)).fetchone() is not None:
        raise ConflictError("this mail address is another user's", field="email")


def _refuse_without_admin(connection: Connection, user: User) -> None:
    if user.role is not Role.ADMIN or user.disabled_at is not None:
        return
    others = connection.execute(
        "SELECT 1 FROM users WHERE role = 'admin' AND disabled_at IS NULL AND name <> %s LIMIT 1", (user.name,)
    ).fetchone()
    if others is None:
        raise ConflictError("somebody has to be admin: this is the last one", field="role")


def _user(row: _Row) -> User:
    user, name, role, email, teams, *ways, created, disabled = row
    password, second_factor, provider = ways
    return User(user, name, Role(role), email, tuple(teams), password, second_factor, provider, created, disabled)
