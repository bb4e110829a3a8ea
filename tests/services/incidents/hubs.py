"""A hub on a real database, taking batches as its log would hand them over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from channels.intake import Item, channel_of, encode_item
from eventstore import positions, store
from eventstore.blobs import open_blobs
from eventstore.database import Database
from eventstore.log import Batch, LogRecord
from schemas.facts import Fact
from schemas.topics import INTERACTIONS
from services.consumers import INCIDENTS
from services.incidents.intake import IncidentsService
from services.settings import read
from services.wiring import Hub, build_hub


def build(database: Database, folder: Path) -> Hub:
    """The hub of a test's database."""
    settings = read({"CAUCE_DATA": str(folder)})
    return build_hub(settings, database, open_blobs("", folder))


def employ(hub: Hub) -> None:
    """Agents and teams that work can be given to; no fact tells of them, so that a test's own are all there are."""
    with hub.database.transaction() as connection:
        connection.execute(
            "INSERT INTO users (id, name, role) SELECT gen_random_uuid(), name, 'agent'"
            " FROM unnest('{eva,leo,pedro}'::text[]) AS name"
        )
        connection.execute(
            "INSERT INTO teams (id, name, title) SELECT gen_random_uuid(), name, name"
            " FROM unnest('{net,red,blue}'::text[]) AS name"
        )


def records(items: Sequence[Item], first: int = 0) -> list[LogRecord]:
    """Items as the log holds them."""
    return [
        LogRecord(item.id, 0, first + index, encode_item(item), {"channel": channel_of(item).value})
        for index, item in enumerate(items)
    ]


@dataclass
class Taking:
    """A hub and its incidents service; keeps the position between batches."""

    hub: Hub
    service: IncidentsService = field(init=False)

    def __post_init__(self) -> None:
        self.service = IncidentsService(self.hub)

    async def take(self, *items: Item) -> None:
        await self.take_records(records(items, self.position()))

    async def take_records(self, taken: Sequence[LogRecord]) -> None:
        await self.service.handle(self.batch(taken))

    def batch(self, taken: Sequence[LogRecord]) -> Batch:
        position = self.position()
        return Batch(INTERACTIONS.name, 0, INCIDENTS, position, position + len(taken), taken)

    def position(self) -> int:
        with self.hub.database.transaction() as connection:
            return positions.read(connection, INCIDENTS, INTERACTIONS.name).get(0, 0)

    def facts(self) -> list[Fact]:
        """Everything that happened, in order."""
        with self.hub.database.transaction() as connection:
            return [event.fact(self.hub.keys) for event in store.read_after(connection, 0, 1_000_000)]

    def outcomes(self) -> dict[UUID, str]:
        with self.hub.database.transaction() as connection:
            return dict(connection.execute("SELECT id, outcome FROM inbox").fetchall())

    def rows(self, table: str) -> list[tuple[object, ...]]:
        with self.hub.database.transaction() as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY 1".encode()).fetchall()
