"""Fixtures of the write side's tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from eventstore.database import Database
from services.commands import Commands
from tests.services.incidents.hubs import Taking, build, employ


@pytest.fixture
def taking(database: Database, tmp_path: Path) -> Taking:
    """A hub that takes batches."""
    return Taking(build(database, tmp_path))


@pytest.fixture
async def commands(taking: Taking) -> AsyncIterator[Commands]:
    """Commands of the same hub, served."""
    hub = taking.hub
    employ(hub)
    async with _serving(Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)) as served:
        yield served


@pytest.fixture
async def dated_commands(taking: Taking) -> AsyncIterator[Commands]:
    """The same, each at its own `now` instead of the database's: for stories over days."""
    hub = taking.hub
    employ(hub)
    told = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret, clock=lambda request, _: request.now)
    async with _serving(told) as served:
        yield served


@contextlib.asynccontextmanager
async def _serving(served: Commands) -> AsyncIterator[Commands]:
    serving = asyncio.create_task(served.serve())
    yield served
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
