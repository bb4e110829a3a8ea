"""How what is mailed stands in the queue right now, and sending a reply again that failed. For screens and API."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from eventstore.database import Connection
from eventstore.packed import Uuids
from schemas.errors import ConflictError, NotFoundError
from schemas.facts.interaction import InteractionRequeued
from services.access.desk import AccessDesk
from services.deliveries.queue import Kind


class Sending(msgspec.Struct, frozen=True):
    """`state`: `queued`, `sending`, `delayed` (until `next_attempt_at`), `sent`, `failed`, `uncertain`, `withdrawn`.

    What goes out by itself may also be `withheld`, and `error` is `muted` or `too_many` then (guard.py). Otherwise it
    is the remote's last word, without addresses.
    """

    interaction: UUID
    state: str
    attempts: int
    next_attempt_at: datetime | None
    error: str


def of(connection: Connection, interactions: Collection[UUID]) -> dict[UUID, Sending]:
    """The replies among them that are mailed."""
    return _of(connection, interactions, (Kind.REPLY,))


def of_confirmations(connection: Connection, interactions: Collection[UUID]) -> dict[UUID, Sending]:
    """What went out by itself because of what came in: that we have a form, that a chat goes on by mail."""
    return _of(connection, interactions, (Kind.CONFIRMATION, Kind.MISSED_CHAT))


def _of(connection: Connection, interactions: Collection[UUID], kinds: Collection[Kind]) -> dict[UUID, Sending]:
    rows: Sequence[tuple[UUID, str, int, datetime | None, str]] = connection.execute(
        "SELECT interaction, CASE WHEN state = 'leased' THEN 'sending' WHEN state = 'queued' AND attempts > 0"
        " THEN 'delayed' ELSE state END, attempts, CASE WHEN state = 'queued' THEN next_attempt_at END, last_error"
        " FROM deliveries WHERE interaction = ANY(%b) AND kind = ANY(%s)",
        (Uuids(interactions), list(kinds)),
    ).fetchall()
    return {row[0]: Sending(*row) for row in rows}


def send_again(desk: AccessDesk, interaction: UUID) -> Sending:
    """Once more, under the same Message-ID. Raises NotFoundError, ConflictError while it is on its way, or arrived."""
    bounced = desk.connection.execute(
        "SELECT EXISTS (SELECT FROM events WHERE stream = %s AND type = 'interaction.bounced.v1')",
        (f"interaction/{interaction}",),
    ).fetchone() == (True,)
    again = desk.connection.execute(
        "UPDATE deliveries SET state = 'queued', attempts = 0, deaths = 0, last_error = '', finished_at = NULL,"
        " next_attempt_at = now() WHERE interaction = %s AND kind = %s"
        " AND (state IN ('failed', 'uncertain') OR (state = 'sent' AND %s))",
        (interaction, Kind.REPLY, bounced),
    ).rowcount
    found = of(desk.connection, [interaction])
    if not found:
        raise NotFoundError("nothing was mailed")
    if not again:
        raise ConflictError("it is on its way, or has arrived")
    desk.record(InteractionRequeued(interaction=interaction, by=desk.by, at=desk.now))
    desk.connection.appended_to.add("deliveries")
    return found[interaction]
