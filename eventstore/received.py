"""How much came in, by channel: counted in the transaction that handles it, so it holds when the logs are trimmed.

Beside positions.py; the audit compares it with what became of each contact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from eventstore.database import Connection
from eventstore.packed import Uuids

COMMAND = "command"
"""The source of what an agent or a program entered at once, on no log."""
HISTORY = "history"
"""The source of what was entered as history."""

AGAIN = "reprocessed"
"""Header of a record that was counted before and is on its log once more."""
RELEASED = "released"
"""Header of such a record that a person let in as it is: who. What held it must let it pass."""


def count(
    connection: Connection, source: str, records: Mapping[str, int], duplicates: Mapping[str, int] | None = None
) -> None:
    """Add to what came from a topic, or another source, by channel."""
    channels = sorted(channel for channel, more in records.items() if more)  # sorted: no two writers cross
    if channels:
        repeated = duplicates or {}
        connection.execute(
            "INSERT INTO received (source, channel, records, duplicates)"
            " SELECT %s, * FROM unnest(%b::text[], %b::bigint[], %b::bigint[])"
            " ON CONFLICT (source, channel) DO UPDATE SET records = received.records + excluded.records,"
            " duplicates = received.duplicates + excluded.duplicates",
            (source, channels, [records[each] for each in channels], [repeated.get(each, 0) for each in channels]),
        )


def take_mails(connection: Connection, mails: Collection[UUID]) -> set[UUID]:
    """Remember these as passed by the parser; returns those that were not before."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "INSERT INTO mail_taken (id) SELECT DISTINCT unnest(%b::uuid[]) ON CONFLICT DO NOTHING RETURNING id",
        (Uuids(mails),),
        binary=True,
    ).fetchall()
    return {mail for (mail,) in rows}


def mails_taken(connection: Connection, mails: Collection[UUID]) -> set[UUID]:
    """Which of these the parser has passed."""
    rows: Sequence[tuple[UUID]] = connection.execute(
        "SELECT id FROM mail_taken WHERE id = ANY(%b)", (Uuids(mails),), binary=True
    ).fetchall()
    return {mail for (mail,) in rows}


def totals(connection: Connection) -> dict[str, dict[str, tuple[int, int]]]:
    """(records, duplicates), by source and channel."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    rows: Sequence[tuple[str, str, int, int]] = connection.execute(
        "SELECT source, channel, records, duplicates FROM received"
    ).fetchall()
    for source, channel, records, duplicates in rows:
        found.setdefault(source, {})[channel] = (records, duplicates)
    return found
