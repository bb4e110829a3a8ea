"""Which user an identity provider speaks for: by what it linked before, by a verified mail address, or a new one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eventstore.database import Connection
from schemas.errors import ConflictError, UnauthenticatedError
from schemas.facts.user import ProviderLinked, ProviderUnlinked, SessionEnd
from services.access import ending, users
from services.access.desk import AccessDesk
from services.access.digests import digest
from services.access.identity import Role
from services.access.spoken import Spoken

_FIT = re.compile(r"[^a-z0-9._@+-]+")
_NAME_MAX = 60


def user_of(desk: AccessDesk, spoken: Spoken, role: str) -> str:
    """Their login name. `role`: of people nobody made a user for; empty: they are refused.

    Raises UnauthenticatedError: they are not ours, or disabled.
    """
    name = _linked(desk.connection, spoken)
    if name is None and not _is_unlinked(desk.connection, spoken):
        name = _by_mail(desk, spoken) or _made(desk, spoken, role)
    if name is None or users.get(desk.connection, name).disabled_at is not None:
        raise UnauthenticatedError("the identity provider speaks for somebody who is not ours")
    return name


def unlink(desk: AccessDesk, name: str, *, keep: bytes | None = None) -> None:
    """The identity speaks for them no more, nor for anybody, until another mail address is entered for them.

    Their sessions end, but for the one with the digest `keep`. Raises NotFoundError, ConflictError where none speaks.
    """
    user = users.get(desk.connection, name)
    row: tuple[str] | None = desk.connection.execute(
        "WITH linked AS (SELECT issuer, subject, name FROM users WHERE name = %(name)s AND issuer IS NOT NULL),"
        " kept AS (INSERT INTO unlinked_identities (issuer, subject, user_name) SELECT * FROM linked),"
        " gone AS (UPDATE users SET issuer = NULL, subject = NULL WHERE name = %(name)s)"
        " SELECT issuer FROM linked",
        {"name": name},
    ).fetchone()
    if row is None:
        raise ConflictError("no identity provider speaks for this user")
    desk.record(ProviderUnlinked(user=user.id, name=name, issuer=row[0], by=desk.by, at=desk.now))
    ending.end_all(desk, user.id, name, SessionEnd.ENDED, keep=keep)


def _is_unlinked(connection: Connection, spoken: Spoken) -> bool:
    row = connection.execute(
        "SELECT FROM unlinked_identities WHERE issuer = %s AND subject = %s", (spoken.issuer, spoken.subject)
    ).fetchone()
    return row is not None


def _linked(connection: Connection, spoken: Spoken) -> str | None:
    row: tuple[str] | None = connection.execute(
        "SELECT name FROM users WHERE issuer = %s AND subject = %s", (spoken.issuer, spoken.subject)
    ).fetchone()
    return row[0] if row else None


def _by_mail(desk: AccessDesk, spoken: Spoken) -> str | None:
    """Somebody an admin named by this address, and nobody spoke for before."""
    if not spoken.email:
        return None
    row: tuple[str] | None = desk.connection.execute(
        "SELECT name FROM users WHERE (email = %s OR (email IS NULL AND name = %s)) AND issuer IS NULL"
        " ORDER BY email NULLS LAST LIMIT 1",
        (spoken.email, spoken.email),
    ).fetchone()
    if row is None:
        return None
    _link(desk, row[0], spoken)
    return row[0]


def _made(desk: AccessDesk, spoken: Spoken, role: str) -> str | None:
    if not role:
        return None
    names = (name for name in _names(spoken) if not users.is_taken(desk.connection, name))
    known = desk.connection.execute("SELECT 1 FROM users WHERE email = %s", (spoken.email,)).fetchone()
    name = users.create_user(desk, next(names), Role(role), None, "" if known else spoken.email)
    _link(desk, name, spoken)
    return name


def _names(spoken: Spoken) -> Iterator[str]:
    for wanted in (spoken.wanted_name, spoken.email):
        fitting = _FIT.sub("-", wanted)[:_NAME_MAX].lstrip("._@+-")
        if fitting:
            yield fitting
    yield f"user-{digest(f'{spoken.issuer} {spoken.subject}').hex()[:16]}"


def _link(desk: AccessDesk, name: str, spoken: Spoken) -> None:
    desk.connection.execute(
        "UPDATE users SET issuer = %s, subject = %s WHERE name = %s", (spoken.issuer, spoken.subject, name)
    )
    user = users.get(desk.connection, name)
    desk.record(ProviderLinked(user=user.id, name=name, issuer=spoken.issuer, by=desk.by or name, at=desk.now))
