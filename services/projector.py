"""Keeps one read model up to date: follows the events, folds them, and rebuilds the view when the code has a new one.

Several processes may run it: the checkpoint's compare-and-set lets one of them count, the others re-read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from eventstore.database import Connection, Database
from eventstore.feed import EventFeed
from eventstore.keys import Keys
from eventstore.recorded import Recorded
from projections import schema
from projections.engine import Engine, decode
from projections.projection import Projection
from schemas.errors import ConflictError, OperatorError, StalePositionError
from services.rebuild import rebuild_in_child

log = structlog.get_logger()

_PAUSE_SECONDS = 1.0


class Projector:
    """Folds what a feed brings into one live view."""

    def __init__(self, database: Database, keys: Keys, projection: Projection) -> None:
        self._database = database
        self._keys = keys
        self._engine = Engine(projection, projection.name)
        self._position = 0

    async def checkpoint(self) -> int:
        """Where to go on. Remembered: what the feed brings next begins right behind it."""
        self._position = await self._database.run(self._engine.position)
        return self._position

    async def handle(self, events: Sequence[Recorded]) -> None:
        """Fold a batch. Raises StalePositionError when another process, or a rebuild, moved the checkpoint."""
        later = [event for event in events if event.position > self._position]
        if later:
            await self._database.run(self._fold, later)
            self._position = later[-1].position

    def _fold(self, connection: Connection, events: Sequence[Recorded]) -> None:
        # decoded before the checkpoint is locked
        decoded = decode(connection, self._keys, events, self._engine.projection.type_names)
        self._engine.fold(connection, decoded, self._position, events[-1].position)


async def run_projector(database: Database, keys: Keys, feed: EventFeed, projection: Projection) -> None:
    """Follow the feed until cancelled. Raises OperatorError when the live view was made by newer code."""
    while True:
        version = await database.run(schema.ensure_live, projection)
        if version > projection.version:
            raise OperatorError(f"{projection.name} was built by a newer Cauce (version {version}); run that one")
        if version == projection.version:
            break
        # readers keep the old view meanwhile; the old folds are gone, so it stands still
        log.info("rebuild_needed", projection=projection.name, live=version, wanted=projection.version)
        try:
            await rebuild_in_child(database.url, [projection.name])
        except ConflictError:  # another process does it
            await asyncio.sleep(_PAUSE_SECONDS)
    projector = Projector(database, keys, projection)
    try:
        await feed.follow(projection.name, projector.checkpoint, projector.handle)
    except StalePositionError:  # rebuilt by newer code while we ran
        log.warning("projection_replaced", projection=projection.name)
        raise
