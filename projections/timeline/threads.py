"""The threads somebody began from one address: what the link mailed to it lists. And what a thread's link may close."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from eventstore.database import Connection
from schemas.threads import shown

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


def spoken_for(connection: Connection, thread: UUID) -> frozenset[int]:
    """Numbers of the incidents that whoever has a link may call solved: its words began them, or came to them unmoved.

    Not what those were merged into, nor where an agent moved them: that may be another's, whose address was claimed.
    """
    rows: Sequence[tuple[int]] = connection.execute(
        "WITH theirs AS ("
        "  SELECT incident, bool_or(reason <> 'agent') AS unmoved FROM entries"
        "  WHERE thread = ANY(%(sides)s) AND incident IS NOT NULL AND kind = 'interaction' AND direction = 'in'"
        "  GROUP BY incident"
        ") SELECT number FROM theirs JOIN timeline_incidents USING (incident) WHERE merged_into IS NULL AND (unmoved OR"
        "  (SELECT thread FROM entries WHERE entries.incident = theirs.incident AND kind = 'interaction'"
        "   ORDER BY occurred_at, position LIMIT 1) = ANY(%(sides)s))",
        {"sides": shown(thread)},
    ).fetchall()
    return frozenset(number for (number,) in rows)
