"""Signing in, staying in, signing out. Owns `sessions` and `sign_in_failures`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from eventstore.database import Connection, Database
from schemas.errors import RateLimitedError, UnauthenticatedError
from services.access import users
from services.access.digests import digest, new_secret
from services.access.identity import Identity, Role

SESSION_HOURS = 12
_WINDOW = timedelta(minutes=15)
_FAILURES_NAME_AND_PLACE = 5
_FAILURES_PLACE = 30
_FAILURES_NAME = 50  # high: a stranger must not lock somebody out
_HASHING = asyncio.Semaphore(2)


class TooManySignInsError(RateLimitedError):
    """Too many wrong passwords; wait."""

    retry_after = 300


async def sign_in(database: Database, name: str, password: str, place: str) -> str:
    """The cookie's value of a new session. `place`: the client's network address.

    Raises UnauthenticatedError, and TooManySignInsError before looking at the password.
    """
    folded = name.strip().lower()[:100].replace("\x00", "")
    counters = (
        (digest(f"both:{folded}:{place}"), _FAILURES_NAME_AND_PLACE),
        (digest(f"place:{place}"), _FAILURES_PLACE),
        (digest(f"name:{folded}"), _FAILURES_NAME),
    )

    def look(connection: Connection) -> str | None:
        _refuse_guessing(connection, counters)
        return users.password_hash(connection, folded)

    kept = await database.run(look)
    async with _HASHING:  # outside any transaction: it takes 50 ms of a core and 64 MiB
        fits = await asyncio.to_thread(users.is_right, password, kept)
    if not fits:
        await database.run(_count_failure, [key for key, _ in counters])
        raise UnauthenticatedError("the name or the password is wrong")
    return await database.run(_open_session, folded, counters[0][0])


def of_session(connection: Connection, cookie: str) -> Identity | None:
    """Who has this session, while it lasts."""
    row: tuple[str, str] | None = connection.execute(
        "SELECT users.name, users.role FROM sessions JOIN users ON users.name = sessions.user_name"
        " WHERE sessions.digest = %s AND sessions.expires_at > now() AND users.disabled_at IS NULL",
        (digest(cookie),),
    ).fetchone()
    return Identity(row[0], Role(row[1]), session=True) if row else None


def sign_out(connection: Connection, cookie: str) -> None:
    """End the session."""
    connection.execute("DELETE FROM sessions WHERE digest = %s", (digest(cookie),))


def _open_session(connection: Connection, name: str, counter: bytes) -> str:
    cookie = new_secret()
    connection.execute("DELETE FROM sessions WHERE expires_at < now()")
    connection.execute("DELETE FROM sign_in_failures WHERE key = %s OR began_at < now() - %s", (counter, _WINDOW))
    connection.execute(
        "INSERT INTO sessions (digest, user_name, expires_at) VALUES (%s, %s, now() + %s)",
        (digest(cookie), name, timedelta(hours=SESSION_HOURS)),
    )
    return cookie


def _refuse_guessing(connection: Connection, counters: tuple[tuple[bytes, int], ...]) -> None:
    row: tuple[int] | None = connection.execute(
        "SELECT count(*) FROM sign_in_failures JOIN unnest(%s::bytea[], %s::integer[]) AS allowed (key, failures)"
        " USING (key) WHERE began_at > now() - %s AND sign_in_failures.failures >= allowed.failures",
        ([key for key, _ in counters], [most for _, most in counters], _WINDOW),
    ).fetchone()
    if row is not None and row[0]:
        raise TooManySignInsError("too many wrong passwords; try again in a few minutes")


def _count_failure(connection: Connection, keys: list[bytes]) -> None:
    connection.execute(
        "INSERT INTO sign_in_failures AS counted (key, failures) SELECT key, 1 FROM unnest(%(keys)s::bytea[]) AS key"
        " ORDER BY key ON CONFLICT (key) DO UPDATE SET"
        " failures = CASE WHEN counted.began_at > now() - %(window)s THEN counted.failures + 1 ELSE 1 END,"
        " began_at = CASE WHEN counted.began_at > now() - %(window)s THEN counted.began_at ELSE now() END",
        {"keys": keys, "window": _WINDOW},
    )
