"""What an erasure leaves to do once it is durable: their blobs and records. Bounded; the rest is cleaning.py's."""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from eventstore.blobs import Blobs
from eventstore.database import Database
from schemas.errors import CauceError
from services.customers import doom
from services.privacy import records

_SECONDS = 10.0

log = structlog.get_logger()


async def clear_away(database: Database, blobs: Blobs) -> None:
    """As far as it goes now. Never fails: the erasure is done."""
    try:
        async with asyncio.timeout(_SECONDS):
            await doom.carry_out(database, blobs)
            await records.forget(database)
    except (CauceError, psycopg.Error, TimeoutError) as error:
        log.warning("erased_not_cleared_away_yet", error=str(error))
