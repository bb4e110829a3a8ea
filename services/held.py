"""What is in quarantine, looked at: how many of what, one of them with all that is kept of it, its bytes.

Beside services/quarantine.py, whose table it is; under the screen and the API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from channels.email.receiving.reception import decode_mail
from eventstore.database import Connection
from schemas.errors import DecodeError, NotFoundError
from schemas.interaction import RawMail
from schemas.topics import MAIL
from services.quarantine import Held


class HeldCounts(msgspec.Struct, frozen=True):
    """How many wait, by reason and by channel; how many were given up and can be put back."""

    held: int
    reasons: dict[str, int]
    channels: dict[str, int]
    discarded: int


def counts(connection: Connection) -> HeldCounts:
    """Of the whole quarantine."""
    rows: Sequence[tuple[str, str, int]] = connection.execute(
        "SELECT reason, channel, count(*) FROM quarantine WHERE state IN ('held', 'reprocessing') GROUP BY 1, 2"
    ).fetchall()
    reasons, channels = Counter[str](), Counter[str]()
    for reason, channel, many in rows:
        reasons[reason] += many
        channels[channel] += many
    kept: tuple[int] | None = connection.execute(
        "SELECT count(*) FROM quarantine WHERE state = 'discarded' AND raw <> ''"
    ).fetchone()
    return HeldCounts(
        reasons.total(), dict(reasons.most_common()), dict(channels.most_common()), kept[0] if kept else 0
    )


class Stored(msgspec.Struct, frozen=True):
    """One of them with all that is kept of it. `note`: why it was given up."""

    held: Held
    state: str
    topic: str
    raw: bytes
    note: str
    resolved_by: str | None
    resolved_at: datetime | None


def get(connection: Connection, held: UUID) -> Stored:
    """Raises NotFoundError."""
    row = connection.execute(
        "SELECT id, channel, received_at, reason, error, octet_length(raw), sender, state, topic, raw, note,"
        " resolved_by, resolved_at FROM quarantine WHERE id = %s",
        (held,),
        binary=True,
    ).fetchone()
    if row is None:
        raise NotFoundError("nothing like that is in quarantine")
    return Stored(Held(*row[:7]), *row[7:])


def mail_of(stored: Stored) -> RawMail | None:
    """The mail it is, with its envelope; None: it is none, or can't be read as one."""
    if stored.topic != MAIL.name:
        return None
    try:
        return decode_mail(stored.raw)
    except DecodeError:
        return None


def raw(connection: Connection, held: UUID) -> bytes:
    """The bytes as they came; of a mail, the mail itself where the record carries it. Raises NotFoundError."""
    stored = get(connection, held)
    mail = mail_of(stored)
    return (mail.raw if mail is not None else b"") or stored.raw
