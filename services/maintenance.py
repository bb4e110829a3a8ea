"""What a person does to a hub once in a while: positions after a lost log, deliveries after a restore, an erasure."""

from __future__ import annotations

import asyncio
import contextlib
from uuid import UUID

from eventstore.database import Connection
from schemas.address import parse_address
from schemas.errors import NotFoundError
from schemas.ids import keyed_id
from services.commands import Commands
from services.customers.requests import ErasePerson
from services.deliveries import queue
from services.incidents import loading
from services.settings import Settings
from services.wiring import Hub, open_hub


async def reset_positions(hub: Hub) -> int:
    """Let every consumer read its log from the start: what was handled is a duplicate then. Returns how many."""

    def reset(connection: Connection) -> int:
        return connection.execute("DELETE FROM positions").rowcount

    return await hub.database.run(reset)


async def release_deliveries(hub: Hub) -> int:
    """Send what was queued before a restore; returns how many."""
    return await hub.database.run(queue.release)


async def find_customer(settings: Settings, named: str) -> UUID:
    """The customer of an id, or of an address as it is written. Raises NotFoundError, InvalidError."""
    async with open_hub(settings) as hub:
        return await hub.database.run(_customer_of, hub.secret, named)


def _customer_of(connection: Connection, secret: bytes, named: str) -> UUID:
    with contextlib.suppress(ValueError):
        return UUID(named)
    text = parse_address(named)
    (address,) = loading.current(connection, {keyed_id(secret, text): text})
    row = connection.execute("SELECT customer FROM address_owner WHERE address = %s", (address,)).fetchone()
    if row is None:
        raise NotFoundError("nobody has this address")
    customer: UUID = row[0]
    return customer


async def erase_customer(settings: Settings, customer: UUID) -> None:
    """Destroy all that is personal about them. Raises NotFoundError, ConflictError."""
    async with open_hub(settings) as hub:
        commands = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
        serving = asyncio.create_task(commands.serve(), name="commands")
        try:
            await commands.run(ErasePerson(customer=customer), by="cauce erase")
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
