"""The threads somebody began from one address: what the link mailed to it lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from eventstore.database import Connection

_THREADS_MAX = 200


def of_address(connection: Connection, address: UUID) -> Sequence[tuple[UUID, str, UUID | None, datetime, datetime]]:
    """(thread, subject or first words, incident, first and last time), the latest first.

    What was said to them counts as soon as they may see it.
    """
    return connection.execute(
        "WITH mine AS ("
        "  SELECT thread, min(occurred_at) AS began FROM entries"
        "  WHERE address = %s AND kind = 'interaction' AND direction = 'in' AND thread IS NOT NULL GROUP BY thread"
        "  ORDER BY max(occurred_at) DESC LIMIT %s"
        ") SELECT mine.thread, first.subject, newest.incident, began, newest.occurred_at FROM mine,"
        " LATERAL (SELECT coalesce(nullif(subject, ''), left(text, 120)) AS subject FROM entries"
        "  WHERE thread = mine.thread AND address = %s ORDER BY occurred_at, position LIMIT 1) AS first,"
        " LATERAL (SELECT incident, occurred_at FROM entries WHERE thread = mine.thread"
        "  AND delivery IS DISTINCT FROM 'withdrawn' AND (held_until IS NULL OR held_until <= clock_timestamp())"
        "  ORDER BY occurred_at DESC, position DESC LIMIT 1) AS newest"
        " ORDER BY newest.occurred_at DESC, mine.thread",
        (address, _THREADS_MAX, address),
    ).fetchall()
