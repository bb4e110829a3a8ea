"""What is remembered of each IMAP mailbox: how far it was read, how it is doing, what was left there. Below imap.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from eventstore.database import Connection


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """UIDs mean something only together with their UIDVALIDITY (RFC 3501 §2.3.1.1)."""

    uidvalidity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class State:
    """`reason`: empty while all is well. `since` when it is so."""

    mailbox: str
    failing: bool
    reason: str
    since: datetime
    looked_at: datetime
    retry_at: datetime | None


class Left(StrEnum):
    """Why a mail was left where it is."""

    TOO_LARGE = "too_large"
    NOT_GIVEN = "not_given"


@dataclass(frozen=True, slots=True)
class LeftMail:
    """One that was left."""

    mailbox: str
    uid: int
    reason: Left
    bytes: int
    left_at: datetime


def read(connection: Connection, mailbox: str) -> Checkpoint | None:
    """Where we are; None: never read."""
    row = connection.execute(
        "SELECT uidvalidity, last_uid FROM imap_checkpoints WHERE mailbox = %s", (mailbox,)
    ).fetchone()
    return Checkpoint(int(row[0]), int(row[1])) if row is not None else None


def save(connection: Connection, mailbox: str, checkpoint: Checkpoint) -> None:
    """Move on."""
    connection.execute(
        "INSERT INTO imap_checkpoints (mailbox, uidvalidity, last_uid) VALUES (%s, %s, %s) ON CONFLICT (mailbox)"
        " DO UPDATE SET uidvalidity = excluded.uidvalidity, last_uid = excluded.last_uid, moved_at = now()",
        (mailbox, checkpoint.uidvalidity, checkpoint.last_uid),
    )


def well(connection: Connection, mailbox: str) -> None:
    """It was read just now."""
    _tell(connection, mailbox, failing=False, reason="", retry_seconds=None)


def fails(connection: Connection, mailbox: str, reason: str, retry_seconds: float) -> None:
    """It can't be read, and will be tried again in so many seconds."""
    _tell(connection, mailbox, failing=True, reason=reason, retry_seconds=retry_seconds)


def _tell(connection: Connection, mailbox: str, *, failing: bool, reason: str, retry_seconds: float | None) -> None:
    connection.execute(
        "INSERT INTO imap_states (mailbox, failing, reason, since, looked_at, retry_at)"
        " VALUES (%s, %s, %s, now(), now(), now() + make_interval(secs => %s)) ON CONFLICT (mailbox) DO UPDATE SET"
        " since = CASE WHEN imap_states.failing = excluded.failing THEN imap_states.since ELSE excluded.since END,"
        " failing = excluded.failing, reason = excluded.reason, looked_at = excluded.looked_at,"
        " retry_at = excluded.retry_at",
        (mailbox, failing, reason, retry_seconds),
    )


def states(connection: Connection) -> list[State]:
    """Of every mailbox that was ever looked at."""
    rows: Sequence[tuple[str, bool, str, datetime, datetime, datetime | None]] = connection.execute(
        "SELECT mailbox, failing, reason, since, looked_at, retry_at FROM imap_states ORDER BY mailbox"
    ).fetchall()
    return [State(*row) for row in rows]


def leave(connection: Connection, mailbox: str, uidvalidity: int, uid: int, reason: Left, size: int) -> None:
    """It stays in the mailbox, and those behind it are read."""
    connection.execute(
        "INSERT INTO imap_left (mailbox, uidvalidity, uid, reason, bytes) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (mailbox, uidvalidity, uid, reason.value, size),
    )


def no_longer_left(connection: Connection, mailbox: str, uidvalidity: int, uid: int) -> None:
    """It was taken after all, or is no longer there."""
    connection.execute(
        "DELETE FROM imap_left WHERE mailbox = %s AND uidvalidity = %s AND uid = %s", (mailbox, uidvalidity, uid)
    )


def left_in(connection: Connection, mailbox: str, uidvalidity: int) -> list[int]:
    """What to look at again. Those of an older UIDVALIDITY are forgotten: they were read anew."""
    connection.execute("DELETE FROM imap_left WHERE mailbox = %s AND uidvalidity <> %s", (mailbox, uidvalidity))
    rows: Sequence[tuple[int]] = connection.execute(
        "SELECT uid FROM imap_left WHERE mailbox = %s ORDER BY uid", (mailbox,)
    ).fetchall()
    return [uid for (uid,) in rows]


def left(connection: Connection) -> list[LeftMail]:
    """Of all mailboxes, the newest first."""
    rows: Sequence[tuple[str, int, str, int, datetime]] = connection.execute(
        "SELECT mailbox, uid, reason, bytes, left_at FROM imap_left ORDER BY left_at DESC"
    ).fetchall()
    return [LeftMail(mailbox, uid, Left(reason), size, at) for mailbox, uid, reason, size, at in rows]
