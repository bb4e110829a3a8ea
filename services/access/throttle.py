"""Slows down whoever guesses: failures counted by name and place, by place, by name. Owns `sign_in_failures`.

What is counted is kept under keyed digests: there are few network addresses, a bare hash of one could be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from eventstore.database import Connection
from eventstore.identity import read_identity
from schemas.errors import RateLimitedError
from schemas.ids import keyed_bytes

_WINDOW = timedelta(minutes=15)
_FAILURES_NAME_AND_PLACE = 5
_FAILURES_PLACE = 30
_FAILURES_NAME = 50  # high: a stranger must not lock somebody out
_FAILURES_CODE = 10  # only who knows the password comes so far
_STRANGERS_RECORDED = 200  # more than that is a storm, not a history

Counters = tuple[tuple[str, int], ...]
"""What is counted, and how many failures each may have."""


class TooManySignInsError(RateLimitedError):
    """Too many wrong passwords; wait."""

    retry_after = 300


def of_password(name: str, place: str) -> Counters:
    """What a wrong password counts for."""
    return (
        (f"both:{name}:{place}", _FAILURES_NAME_AND_PLACE),
        (f"place:{place}", _FAILURES_PLACE),
        (f"name:{name}", _FAILURES_NAME),
    )


def of_code(name: str) -> Counters:
    """What a wrong code counts for."""
    return ((f"code:{name}", _FAILURES_CODE),)


def strangers() -> Counters:
    """What a name that nobody has counts for: only how many of them are written down."""
    return (("strangers", _STRANGERS_RECORDED),)


def refuse_guessing(connection: Connection, counters: Counters) -> None:
    """Raise TooManySignInsError when one of them is full: before looking at any password."""
    row: tuple[int] | None = connection.execute(
        "SELECT count(*) FROM sign_in_failures JOIN unnest(%s::bytea[], %s::integer[]) AS allowed (key, failures)"
        " USING (key) WHERE began_at > now() - %s AND sign_in_failures.failures >= allowed.failures",
        (_keys(connection, counters), [most for _, most in counters], _WINDOW),
    ).fetchone()
    if row is not None and row[0]:
        raise TooManySignInsError("too many wrong passwords; try again in a few minutes")


def count_failure(connection: Connection, counters: Counters) -> bool:
    """Count one for each; True when that filled one of them just now."""
    keys = _keys(connection, counters)
    rows: Sequence[tuple[bytes, int]] = connection.execute(
        "INSERT INTO sign_in_failures AS counted (key, failures) SELECT key, 1 FROM unnest(%(keys)s::bytea[]) AS key"
        " ORDER BY key ON CONFLICT (key) DO UPDATE SET"
        " failures = CASE WHEN counted.began_at > now() - %(window)s THEN counted.failures + 1 ELSE 1 END,"
        " began_at = CASE WHEN counted.began_at > now() - %(window)s THEN counted.began_at ELSE now() END"
        " RETURNING key, failures",
        {"keys": keys, "window": _WINDOW},
    ).fetchall()
    most = dict(zip(keys, (most for _, most in counters), strict=True))
    return any(failures == most[bytes(key)] for key, failures in rows)


def forget(connection: Connection, counters: Counters) -> None:
    """Somebody came in: their own count, and old ones, begin anew."""
    connection.execute(
        "DELETE FROM sign_in_failures WHERE key = ANY(%s) OR began_at < now() - %s",
        (_keys(connection, counters[:1]), _WINDOW),
    )


def _keys(connection: Connection, counters: Counters) -> list[bytes]:
    secret = read_identity(connection).secret
    return [keyed_bytes(secret, counted) for counted, _ in counters]
