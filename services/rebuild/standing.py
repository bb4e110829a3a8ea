"""How each read model stands, and its rebuild: for the administrator's page and the API, whoever runs the rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from eventstore.database import Connection
from projections import reading, schema
from projections.reading import Parked
from projections.registry import by_name
from schemas.errors import ConflictError
from services.rebuild.work import LOCK_CLASS


class Phase(StrEnum):
    """Where a rebuild is. `stopped`: begun, and nobody goes on with it; the next one resumes it."""

    STARTING = "starting"
    LOADING = "loading"
    INDEXING = "indexing"
    CATCHING_UP = "catching_up"
    STOPPED = "stopped"


class Rebuild(msgspec.Struct, frozen=True):
    """`done` of `total` positions were loaded; `started_at` None: nothing was loaded yet."""

    phase: Phase
    done: int
    total: int
    started_at: datetime | None


class Standing(msgspec.Struct, frozen=True):
    """A read model. `wanted_version`: what this code makes; a live view of another version stands still.

    `parked`: streams it could not fold. `rebuild` None: none runs or waits to be resumed.
    """

    name: str
    version: int
    wanted_version: int
    position: int
    lag: int
    parked: list[Parked]
    rebuild: Rebuild | None


def look(connection: Connection) -> list[Standing]:
    """Every read model."""
    parked = reading.parked(connection)
    building = _building(connection)
    running = _running(connection)
    return [
        Standing(
            name=each.name,
            version=each.version,
            wanted_version=by_name(each.name).version,
            position=each.position,
            lag=each.lag,
            parked=[stream for stream in parked if stream.projection == each.name],
            rebuild=_rebuild(building.get(each.name), running=each.name in running),
        )
        for each in reading.states(connection)
    ]


def is_running(connection: Connection, name: str) -> bool:
    """Does some process rebuild it right now?"""
    return name in _running(connection)


def cancel(connection: Connection, name: str) -> None:
    """End the rebuild, whichever process runs it; what was loaded is kept. Raises NotFoundError, ConflictError."""
    projection = by_name(name)
    live = next(each for each in reading.states(connection) if each.name == projection.name)
    running = _running(connection).get(projection.name)
    if running is None:
        raise ConflictError("it is not being rebuilt")
    if live.rebuild_needed and live.version:
        raise ConflictError("this code can't go on without it: it would begin again at once")
    # its lock lives with its connection: whoever holds it loses both, between two pages or within one
    connection.execute("SELECT pg_terminate_backend(%s)", (running,))


def _running(connection: Connection) -> dict[str, int]:
    """The server's process that holds each rebuild's lock."""
    rows: Sequence[tuple[str, int]] = connection.execute(
        "SELECT name, pid FROM pg_locks JOIN unnest(%s::text[]) AS name"
        " ON objid::bigint = hashtext(name)::bigint & 4294967295"
        " WHERE locktype = 'advisory' AND granted AND classid::bigint = %s AND objsubid = 2"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        ([each.name for each in reading.states(connection)], LOCK_CLASS),
    ).fetchall()
    return dict(rows)


def _building(connection: Connection) -> dict[str, tuple[int, int, bool, datetime]]:
    rows: Sequence[tuple[str, int, int, bool, datetime]] = connection.execute(
        "SELECT name, position, target, indexed, started_at FROM projections WHERE schema = name || %s",
        (schema.next_schema(""),),
    ).fetchall()
    return {name: (position, target, indexed, began) for name, position, target, indexed, began in rows}


def _rebuild(building: tuple[int, int, bool, datetime] | None, *, running: bool) -> Rebuild | None:
    if building is None:
        return Rebuild(Phase.STARTING, 0, 0, None) if running else None
    position, target, indexed, began = building
    phase = Phase.CATCHING_UP if indexed else Phase.INDEXING if position >= target else Phase.LOADING
    return Rebuild(phase if running else Phase.STOPPED, min(position, target), target, began)
