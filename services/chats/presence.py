"""Which agents take chats: a switch of each, kept in `agent_presence`. Nobody there: no chat is offered.

A switch that nobody touched for twelve hours counts as off: whoever forgot it has gone home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventstore.database import Connection

_NAME_MAX = 100


@dataclass(frozen=True, slots=True)
class Presence:
    """One agent's switch. `since`: last touched."""

    name: str
    available: bool
    since: datetime


def available(connection: Connection) -> frozenset[str]:
    """Who takes chats now."""
    rows: Sequence[tuple[str]] = connection.execute(
        "SELECT name FROM agent_presence WHERE available AND touched_at > now() - interval '12 hours'"
        " AND NOT EXISTS (SELECT FROM users WHERE users.name = agent_presence.name AND"
        " (disabled_at IS NOT NULL OR role NOT IN ('agent', 'admin')))"  # their switch outlives their right to answer
    ).fetchall()
    return frozenset(name for (name,) in rows)


def everybody(connection: Connection) -> list[Presence]:
    """Every agent who ever touched the switch, those who are there first."""
    there = available(connection)
    rows: Sequence[tuple[str, datetime]] = connection.execute(
        "SELECT name, touched_at FROM agent_presence ORDER BY name"
    ).fetchall()
    return sorted((Presence(name, name in there, at) for name, at in rows), key=lambda each: not each.available)


def put(connection: Connection, name: str, *, there: bool) -> bool:
    """Set the switch. Returns whether that changed if any chat can be offered at all."""
    before = bool(available(connection))
    connection.execute(
        "INSERT INTO agent_presence (name, available) VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET available = excluded.available, touched_at = now()",
        (name[:_NAME_MAX], there),
    )
    return bool(available(connection)) is not before


def touch(connection: Connection, name: str) -> None:
    """Who works is still there."""
    connection.execute("UPDATE agent_presence SET touched_at = now() WHERE name = %s AND available", (name,))
