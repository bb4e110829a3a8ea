"""The server's end: asked to stop it stops in time whoever is connected, and what needs a person ends it loudly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from eventstore.database import Database
from schemas.errors import OperatorError
from services.access.identity import Role
from services.web import server
from services.web.live import Live
from tests.services.web.serving import serving


async def test_it_stops_in_time_with_live_connections_open(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GRACEFUL_SECONDS", 3600)  # so long it would wait for them
    async with asyncio.timeout(60), serving(database, tmp_path) as web:
        agent = web.client(Role.AGENT)
        response = await agent.send(agent.build_request("GET", "/api/v1/live"), stream=True)
        assert response.status_code == 200
    await response.aclose()
    await agent.aclose()


async def test_what_needs_a_person_ends_the_server(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = asyncio.Event()

    async def run(_: Live) -> None:
        await broken.wait()
        raise OperatorError("the log was replaced")

    monkeypatch.setattr(Live, "run", run)
    with pytest.raises(OperatorError, match="the log was replaced"):  # noqa: PT012 -- it ends what it runs in
        async with asyncio.timeout(60), serving(database, tmp_path) as web:
            broken.set()
            await web.ended
