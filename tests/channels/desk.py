"""Every HTTP channel behind a real server on loopback, in front of a real log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI, Request

from channels import registry
from channels.callback import Callbacks
from channels.chat.frames import State
from channels.chat.gateway import ChatGateway
from channels.chat.rooms import ChatLine, ChatRooms
from channels.chat.sessions import ChatSessions
from channels.chat.shared import Shared
from channels.form import Forms, Posted, posted
from channels.intake import Intake, Item, decode_item
from channels.opening_hours import OpeningHours
from channels.tokens import ThreadTokens
from eventstore.blobs import Blobs
from eventstore.database import Connection, Database
from eventstore.postgres import PostgresLog
from schemas.interaction import Party
from services.web import problems
from tests import ports

SECRET = b"0123456789abcdef0123456789abcdef"
HOURS = OpeningHours.read("Mon-Sun 00:00-23:59 America/Havana")
LINE, LINE_KEY = "office", "line-key"


@dataclass
class Outside:
    """The hub's answers that channels ask for, as a test sets them."""

    senders: dict[UUID, Party] = field(default_factory=dict[UUID, Party])
    histories: dict[UUID, list[ChatLine]] = field(default_factory=dict[UUID, list[ChatLine]])
    incidents: dict[int, UUID] = field(default_factory=dict[int, UUID])
    delivered: list[UUID] = field(default_factory=list[UUID])
    typed: list[UUID] = field(default_factory=list[UUID])
    hangs: bool = False

    async def sender_of(self, thread: UUID) -> Party | None:
        if self.hangs:
            await asyncio.Event().wait()
        return self.senders.get(thread)

    async def history(self, thread: UUID) -> Sequence[ChatLine]:
        return self.histories.get(thread, [])

    async def incident_of(self, number: int) -> UUID | None:
        return self.incidents.get(number)

    async def note_delivered(self, interaction: UUID) -> None:
        self.delivered.append(interaction)

    async def note_typed(self, thread: UUID) -> None:
        self.typed.append(thread)

    async def state_of(self, session: UUID, thread: UUID) -> State:  # noqa: ARG002 -- as House asks
        return State("open")

    async def left_email(self, session: UUID, thread: UUID, email: str) -> None:  # noqa: ARG002 -- as House asks
        return

    async def ended(self, session: UUID) -> None:  # noqa: ARG002 -- as House asks
        if self.hangs:
            await asyncio.Event().wait()

    async def is_line_key(self, line: str, key: str) -> bool:
        if self.hangs:
            await asyncio.Event().wait()
        return (line, key) == (LINE, LINE_KEY)


@dataclass
class Desk:
    """A running server of channels. `http` is relative to it."""

    base: str
    http: httpx.AsyncClient
    database: Database
    blobs: Blobs
    tokens: ThreadTokens
    sessions: ChatSessions
    rooms: ChatRooms
    outside: Outside

    @property
    def chat(self) -> str:
        return self.base.replace("http:", "ws:") + "/api/v1/chat"

    async def taken(self) -> list[Item]:
        """What is on the log, in order."""
        return await self.database.run(_taken)

    async def keys(self) -> list[bytes]:
        """The ordering keys on the log, in order."""
        return await self.database.run(_keys)


def _taken(connection: Connection) -> list[Item]:
    rows = connection.execute('SELECT value FROM log_interactions ORDER BY "offset"').fetchall()
    return [decode_item(value) for (value,) in rows]


def _keys(connection: Connection) -> list[bytes]:
    return [key for (key,) in connection.execute('SELECT key FROM log_interactions ORDER BY "offset"').fetchall()]


def _post_page(forms: Forms, app: FastAPI) -> None:
    async def post_page(form: Posted) -> object:
        return await forms.submit_posted(form)

    @app.post("/contact")
    async def contact(request: Request) -> object:
        async with posted(request) as form:
            return await post_page(form)


@asynccontextmanager
async def serving(database: Database, blobs: Blobs, *, rate_limit: bool = False) -> AsyncIterator[Desk]:
    """The channels on a port of their own."""
    outside = Outside()
    tokens = ThreadTokens(SECRET)
    log = PostgresLog(database)
    intake = Intake(log, SECRET)
    sessions, rooms = ChatSessions(SECRET, tokens), ChatRooms(outside.note_delivered)
    listening = ports.listening()
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    forms = Forms(intake, tokens, blobs, public_url=base, sender_of=outside.sender_of, rate_limit=rate_limit)
    shared = Shared(
        intake, sessions, rooms, outside.history, typed=outside.note_typed, house=outside, rate_limit=rate_limit
    )
    chat = ChatGateway(shared)
    edge = registry.Edge(
        intake=intake,
        forms=forms,
        chat=chat,
        callbacks=Callbacks(intake, forms, HOURS, rate_limit=rate_limit),
        public_url=base,
        is_line_key=outside.is_line_key,
        incident_of=outside.incident_of,
        user=lambda: "ana",
    )
    app = FastAPI()
    problems.install(app)
    for routes in (make(edge) for make in registry.ALL.values()):
        app.include_router(routes.api, prefix="/api/v1")
        if routes.pages is not None:
            app.include_router(routes.pages)
    _post_page(forms, app)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, ws_max_size=256 * 1024, timeout_graceful_shutdown=2)
    )
    running = asyncio.create_task(server.serve(sockets=[listening]))
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        while not server.started:  # noqa: ASYNC110 -- uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield Desk(base, client, database, blobs, tokens, sessions, rooms, outside)
    server.should_exit = True
    await running
    await rooms.close()
    await log.close()
