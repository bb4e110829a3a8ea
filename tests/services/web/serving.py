"""The whole web edge behind a real server on loopback, with the incidents service and every projection beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from eventstore import store
from eventstore.blobs import open_blobs
from eventstore.database import Database
from projections import reading
from projections.registry import ALL
from schemas.facts.user import Method, Place
from schemas.topics import INTERACTIONS
from services import settings
from services.access import lines, sessions, tokens, users
from services.access.identity import Role
from services.consumers import INCIDENTS
from services.incidents.intake import IncidentsService
from services.projector import run_projector
from services.supervision import Task, supervise
from services.web.app import create_app
from services.web.server import serve
from services.wiring import Hub, build_hub
from tests import ports

PASSWORD = "correct horse battery"
_BESIDE = ("visit-", "receipt-")


@dataclass
class Web:
    """A running hub and how to talk to it."""

    url: str
    app: FastAPI
    hub: Hub
    tokens: dict[Role, str]
    line_key: str
    ended: asyncio.Task[None]

    def client(self, role: Role | None = None, **more: Any) -> httpx.AsyncClient:
        """A program's client, with that role's token or none."""
        signed = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return httpx.AsyncClient(base_url=self.url, headers=signed | more.pop("headers", {}), timeout=90, **more)

    @asynccontextmanager
    async def browser(self, role: Role) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody signed in on the pages."""
        async with self.client(headers={"Accept": "text/html", "Origin": self.url}) as client:
            came = await client.post("/login", data={"name": role.value, "password": PASSWORD})
            assert came.status_code == 303, came.text
            yield client

    async def session(self, name: str) -> str:
        """The cookie of a browser in which somebody has just signed in."""
        nowhere = Place(network="", browser="")
        done = await self.hub.access.run("test", sessions.open_session, name, Method.PASSWORD, nowhere)
        return done.value

    async def form(self, client: httpx.AsyncClient, **fields: str) -> dict[str, str]:
        """Send a contact form; returns the receipt."""
        given = {"name": "Ana", "email": "ana@x.cu", "subject": "Factura", "body": "Sale dos veces"} | fields
        came = await client.post("/api/v1/forms", json=given)
        assert came.status_code == 202, came.text
        receipt: dict[str, str] = came.json()
        return receipt

    async def settled(self) -> None:
        """Everything that came in is recorded and can be read; so is what is recorded beside an answer."""
        async with asyncio.timeout(60):
            while await self.hub.log.lag(INTERACTIONS, INCIDENTS):  # noqa: ASYNC110 -- the log has no other word for it
                await asyncio.sleep(0.01)
            beside = [task for task in asyncio.all_tasks() if task.get_name().startswith(_BESIDE)]
            await asyncio.gather(*beside)
        position = await self.hub.database.run(store.last_position)
        assert await reading.wait_for(self.hub.database, position, [each.name for each in ALL], seconds=60)


def _projector(hub: Hub, projection: Any) -> Task:
    return Task(projection.name, lambda: run_projector(hub.database, hub.keys, hub.feed, projection))


@asynccontextmanager
async def beside(web: Web) -> AsyncIterator[Web]:
    """A second web process on the same hub's database."""
    listening = ports.listening()
    place = f"127.0.0.1:{listening.getsockname()[1]}"
    hub = build_hub(web.hub.settings, web.hub.database, web.hub.blobs)
    app = create_app(hub)
    stop = asyncio.Event()
    running = asyncio.create_task(supervise([Task("web", lambda: serve(app, listening))], stop))
    second = Web(f"http://{place}", app, hub, web.tokens, web.line_key, running)
    await _ready(second)
    yield second
    stop.set()
    await running
    await hub.log.close()


async def _ready(web: Web) -> None:
    async with web.client() as client, asyncio.timeout(60):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(database: Database, folder: Path, **environment: str) -> AsyncIterator[Web]:
    """The edge, served until the end of the test."""
    listening = ports.listening()
    place = f"127.0.0.1:{listening.getsockname()[1]}"
    read = settings.read(
        {"CAUCE_HTTP": place, "CAUCE_DATA": str(folder), "CAUCE_RATE_LIMIT": "off"}
        | {f"CAUCE_{name}": value for name, value in environment.items()}
    )
    hub = build_hub(read, database, open_blobs("", folder))
    with hub.access.desk("test") as desk:
        for role in Role:
            users.create_user(desk, role.value, role, PASSWORD)
        made = {role: tokens.create_token(desk, role, f"{role} program") for role in Role}
        line_key = lines.create_line(desk, "main")
    app = create_app(hub)
    tasks = [
        Task("incidents", lambda: hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle)),
        *(_projector(hub, projection) for projection in ALL),
        Task("web", lambda: serve(app, listening)),
    ]
    stop = asyncio.Event()
    running = asyncio.create_task(supervise(tasks, stop))
    web = Web(f"http://{place}", app, hub, made, line_key, running)
    await _ready(web)
    yield web
    stop.set()
    await running
    await hub.log.close()
