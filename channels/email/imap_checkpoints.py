"""How far each IMAP mailbox was read: its UIDVALIDITY and the last UID that is durable. Below imap.py."""

from __future__ import annotations

from dataclasses import dataclass

from eventstore.database import Connection


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """UIDs mean something only together with their UIDVALIDITY (RFC 3501 §2.3.1.1)."""

    uidvalidity: int
    last_uid: int


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
