"""How far the read models have come: for reads that follow a command, for readyz, metrics and doctor."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from eventstore.database import Connection, Database
from projections.registry import ALL

AT_MOST_SECONDS = 2.0
"""So long a read waits for what it follows."""
_POLL_SECONDS = (0.002, 0.005, 0.01, 0.02)


class Lag(msgspec.Struct, frozen=True):
    """One read model: how many positions it is behind, and whether the code wants another version of it."""

    name: str
    version: int
    position: int
    lag: int
    rebuild_needed: bool
    parked_streams: int


class Parked(msgspec.Struct, frozen=True):
    """A stream that a read model could not fold, from `position` on. `skipped`: its later events, not folded either."""

    projection: str
    stream: str
    position: int
    error: str
    skipped: int
    parked_at: datetime


async def wait_for(database: Database, position: int, names: Collection[str], seconds: float | None = None) -> bool:
    """Have these read models folded the event at `position`? Waits for them; False after `seconds`, AT_MOST_SECONDS."""
    deadline = asyncio.get_running_loop().time() + (AT_MOST_SECONDS if seconds is None else seconds)
    polls = 0
    while not await database.run(_reached, position, list(names)):
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS[min(polls, len(_POLL_SECONDS) - 1)])
        polls += 1
    return True


def states(connection: Connection) -> list[Lag]:
    """Every read model of this code: one that was never made lags by the whole history."""
    rows: Sequence[tuple[str, int, int, int, int]] = connection.execute(
        "SELECT name, version, position, greatest(0, (SELECT coalesce(max(position), 0) FROM events) - position),"
        " (SELECT count(*) FROM parked WHERE parked.schema = projections.schema)"
        " FROM projections WHERE state = 'live'"
    ).fetchall()
    found = {name: rest for name, *rest in rows}
    newest = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    nothing = [0, 0, int(newest[0]) if newest else 0, 0]
    return [
        Lag(
            name=projection.name,
            version=found.get(projection.name, nothing)[0],
            position=found.get(projection.name, nothing)[1],
            lag=found.get(projection.name, nothing)[2],
            rebuild_needed=found.get(projection.name, nothing)[0] != projection.version,
            parked_streams=found.get(projection.name, nothing)[3],
        )
        for projection in ALL
    ]


def parked(connection: Connection) -> list[Parked]:
    """What could not be folded: a person looks, mends the code, and rebuilds."""
    rows: Sequence[tuple[str, str, int, str, int, datetime]] = connection.execute(
        "SELECT schema, stream, position, error, skipped, parked_at FROM parked ORDER BY parked_at, stream"
    ).fetchall()
    return [Parked(*row) for row in rows]


def _reached(connection: Connection, position: int, names: list[str]) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM projections WHERE state = 'live' AND name = ANY(%s) AND position >= %s",
        (names, position),
    ).fetchone()
    return row is not None and row[0] == len(set(names))
