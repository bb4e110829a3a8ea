"""The demo's companies: about a third of who wrote belongs to one, and furnishing again changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from eventstore.blobs import open_blobs
from eventstore.database import Database
from services import settings
from services.commands import Commands
from services.demo import companies
from services.demo.catalogue import COMPANIES
from services.demo.history import Size, fill
from services.wiring import build_hub

_SIZE = Size(days=30, incidents=80, seed=3)


async def test_a_third_of_the_customers_belongs_to_a_company_with_products(database: Database, tmp_path: Path) -> None:
    hub = build_hub(settings.read({"CAUCE_DATA": str(tmp_path)}), database, open_blobs("", tmp_path))
    await fill(hub, _SIZE)
    commands = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    serving = asyncio.create_task(commands.serve())
    for _ in range(2):
        await companies.furnish(hub, commands, _SIZE.seed, _SIZE.cases)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    with database.transaction() as connection:
        everybody, theirs, firms = connection.execute(
            "SELECT count(*), count(organization), count(DISTINCT organization) FROM customer_state"
        ).fetchone() or (0, 0, 0)
        made = connection.execute("SELECT count(*) FROM organization_state").fetchone()
    assert made == (len(COMPANIES),)
    assert 0.2 < theirs / everybody < 0.45
    assert firms > 2
