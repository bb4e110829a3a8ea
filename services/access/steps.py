"""Sign-ins begun and not finished: between the password and the code, or on the way to an identity provider.

Bound to one browser by a cookie of its own, which opens nothing. Owns `sign_in_steps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from eventstore.database import Connection
from schemas.facts.user import Method
from services.access.digests import digest, new_secret

STEP_MINUTES = 10
ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Step:
    """Where it stands. `user` empty: still at the provider."""

    user: str = ""
    method: Method = Method.PASSWORD
    state: str = ""
    nonce: str = ""
    verifier: str = ""
    wanted: str = ""


def begin(connection: Connection, step: Step) -> str:
    """The cookie's value."""
    cookie = new_secret()
    connection.execute("DELETE FROM sign_in_steps WHERE expires_at < now()")
    connection.execute(
        "INSERT INTO sign_in_steps (digest, user_name, method, state, nonce, verifier, wanted, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, now() + %s)",
        (
            digest(cookie),
            step.user or None,
            step.method,
            step.state,
            step.nonce,
            step.verifier,
            step.wanted,
            timedelta(minutes=STEP_MINUTES),
        ),
    )
    return cookie


def attempt(connection: Connection, cookie: str) -> Step | None:
    """The step, one attempt the fewer; None: there is none (any more)."""
    row: tuple[str | None, str, str, str, str, str] | None = connection.execute(
        "UPDATE sign_in_steps SET attempts = attempts + 1 WHERE digest = %s AND attempts < %s AND expires_at > now()"
        " RETURNING user_name, method, state, nonce, verifier, wanted",
        (digest(cookie), ATTEMPTS_MAX),
    ).fetchone()
    if row is None:
        return None
    user, method, state, nonce, verifier, wanted = row
    return Step(user or "", Method(method), state, nonce, verifier, wanted)


def waits_for_code(connection: Connection, cookie: str) -> bool:
    """Has this browser shown the password, and not yet a code?"""
    row = connection.execute(
        "SELECT 1 FROM sign_in_steps WHERE digest = %s AND user_name IS NOT NULL AND attempts < %s"
        " AND expires_at > now()",
        (digest(cookie), ATTEMPTS_MAX),
    ).fetchone()
    return row is not None


def end(connection: Connection, cookie: str) -> None:
    """It is finished."""
    connection.execute("DELETE FROM sign_in_steps WHERE digest = %s", (digest(cookie),))
