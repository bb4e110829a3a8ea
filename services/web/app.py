"""The web edge put together: routes, what stands before them, and the tasks that live as long as the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from uuid import UUID

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import Request

from channels import form, registry
from channels.callback import Callbacks
from channels.chat.gateway import ChatGateway
from channels.chat.replies import Receipts, follow_replies
from channels.chat.rooms import ChatRooms
from channels.chat.sessions import ChatSessions
from channels.chat.shared import Shared
from channels.email.parser_pool import Bounds, ParserPool
from channels.form import Forms
from channels.in_person import Visits
from channels.intake import Intake
from channels.limits import Limit
from eventstore.database import Connection
from services.access.lines import is_line_key
from services.chats.house import ChatHouse, Clock, relay
from services.commands import Commands
from services.knowledge.library import Library
from services.knowledge.meaning.questions import questions_to
from services.knowledge.visit_writer import VisitWriter
from services.mail_jobs import AskedMailJobs
from services.parser import ours_of
from services.rebuild.asked import AskedRebuilds
from services.signals import Signals
from services.supervision import Task, supervise
from services.web import pages, problems
from services.web.api import (
    addresses,
    answering,
    article_work,
    articles,
    callbacks,
    calls,
    casework,
    chats,
    customers,
    events,
    files,
    gaps,
    health,
    incidents,
    knowledge,
    lines,
    live,
    my_requests,
    organizations,
    people,
    projections,
    quarantine,
    recorrelation,
    reports,
    searches,
    synonyms,
    targets,
    teams,
    tokens,
    triage,
    undo,
    uploads,
    visits,
    widgets,
    work,
)
from services.web.api import signals as signals_api
from services.web.charts import Charts
from services.web.conversations import Conversations
from services.web.guard import Guard, caller
from services.web.head import HeadIsGet
from services.web.headers import SecurityHeaders
from services.web.languages import LanguagePrefix
from services.web.limits import BodyLimit
from services.web.live import Live
from services.web.measure import Measure
from services.web.openapi import documented
from services.web.pages import knowledge_editor, knowledge_transfer
from services.web.parts import VISITS_FROM_ONE_PLACE, Parts
from services.web.routing import mount
from services.wiring import Hub

_API = (
    incidents,
    customers,
    addresses,
    organizations,
    calls,
    callbacks,
    work,
    lines,
    chats,
    reports,
    article_work,
    articles,
    gaps,
    visits,
    events,
    files,
    quarantine,
    recorrelation,
    projections,
    live,
    signals_api,
    synonyms,
    triage,
    targets,
    searches,
    undo,
    health,
    people,
    teams,
    tokens,
    my_requests,
    answering,
    casework,
    uploads,
    widgets,
    knowledge,
)

_PREVIEW_SECONDS = 5.0
_FORM_FIELDS_BYTES = 1024 * 1024
_LARGER = {
    "/contact": form.POST_MAX_BYTES + _FORM_FIELDS_BYTES,
    "/status/": form.POST_MAX_BYTES + _FORM_FIELDS_BYTES,
    "/api/v1/uploads": uploads.POST_MAX_BYTES,
    "/api/v1/articles/": article_work.POST_MAX_BYTES,
    "/knowledge/transfer": knowledge_transfer.POST_MAX_BYTES,
    "/knowledge/": knowledge_editor.POST_MAX_BYTES,
    "/agent/incidents/": uploads.POST_MAX_BYTES,
}


def create_app(hub: Hub) -> FastAPI:
    """The whole edge over an open hub. Its tasks run from the first request to the last (ASGI lifespan)."""
    settings = hub.settings
    talk = Conversations(hub)
    intake = Intake(hub.log, hub.secret)
    forms = Forms(
        intake,
        hub.tokens,
        hub.blobs,
        public_url=settings.public_url,
        sender_of=talk.sender_of,
        rate_limit=settings.rate_limit,
    )
    commands = Commands(
        hub.database,
        hub.ledger,
        hub.blobs,
        secret=hub.secret,
        window=timedelta(hours=settings.correlation_hours),
    )
    signals = Signals(hub.database.url)
    rooms = ChatRooms(Receipts(hub.database, hub.ledger).delivered)
    chat = _gateway(hub, intake, rooms, talk, commands, signals)
    parts = Parts(
        hub=hub,
        commands=commands,
        library=Library(hub.database, hub.ledger),
        visits=VisitWriter(hub.database, hub.ledger),
        visit_places=Limit(VISITS_FROM_ONE_PLACE, on=settings.rate_limit),
        live=Live(hub.database, hub.feed),
        signals=signals,
        guard=Guard(hub.database, settings.public_url),
        forms=forms,
        callbacks=Callbacks(intake, forms, settings.opening_hours, rate_limit=settings.rate_limit),
        in_person=Visits(intake, talk.incident_of),
        charts=Charts(),
        rebuilds=AskedRebuilds(hub.database),
        mail_jobs=AskedMailJobs(hub.database),
        questions=questions_to(settings.embeddings),
        previews=ParserPool(ours_of(hub), size=1, bounds=Bounds(seconds=_PREVIEW_SECONDS)),
    )
    signals.hear(parts.live.signal)
    signals.hear(lambda signal: relay(signal, rooms))
    tasks = (
        Task("signals", parts.signals.run),
        Task("live", parts.live.run),
        Task("visits", parts.visits.run),
        Task("commands", parts.commands.serve),
        Task("chat-clock", Clock(hub.database, commands, timedelta(seconds=settings.chat_wait_seconds)).run),
        Task("chat-replies", lambda: follow_replies(hub.feed, rooms, hub.keys, hub.database, talk.file_url)),
    )
    app = FastAPI(
        title="Cauce",
        version=version("cauce"),
        lifespan=_lifespan(parts, rooms, tasks),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.live = parts.live
    app.state.signals = parts.signals
    app.state.failed = asyncio.Event()
    app.openapi = documented(app, version("cauce"))  # type: ignore[method-assign]  # -- FastAPI's own way to extend it

    async def line_key(line: str, key: str) -> bool:
        return await hub.database.run(_is_line_key, line, key)

    edge = registry.Edge(
        intake=intake,
        forms=forms,
        chat=chat,
        callbacks=parts.callbacks,
        public_url=settings.public_url,
        is_line_key=line_key,
        incident_of=talk.incident_of,
        user=_agent,
    )
    for make in registry.ALL.values():
        routes = make(edge)
        mount(app, routes.api, "/api/v1")
        if routes.pages is not None:
            mount(app, routes.pages)
    for module in _API:
        mount(app, module.router(parts))
    pages.install(app, parts, chat)
    problems.install(app)
    parts.guard.protect(app.router)
    # the last added is the outermost
    app.add_middleware(BodyLimit, larger=_LARGER)
    app.add_middleware(Measure)
    # live streams and files stay as they are: packing a stream holds megabytes a connection
    app.add_middleware(
        GZipMiddleware,
        minimum_size=1000,
        compresslevel=4,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream"),
    )
    app.add_middleware(SecurityHeaders, https=settings.public_url.startswith("https:"))
    app.add_middleware(LanguagePrefix)
    app.add_middleware(HeadIsGet)
    return app


def _gateway(
    hub: Hub, intake: Intake, rooms: ChatRooms, talk: Conversations, commands: Commands, signals: Signals
) -> ChatGateway:
    async def typed(session: UUID) -> None:
        signals.send(f"chat/{session}", "typing", "")

    return ChatGateway(
        Shared(
            intake,
            ChatSessions(hub.secret, hub.tokens),
            rooms,
            talk.history,
            typed=typed,
            house=ChatHouse(hub.database, commands, hub.tokens),
            rate_limit=hub.settings.rate_limit,
        )
    )


def _agent(request: Request) -> str:
    return caller(request).name


def _is_line_key(connection: Connection, line: str, key: str) -> bool:
    return is_line_key(connection, line, key)


def _lifespan(
    parts: Parts, rooms: ChatRooms, tasks: tuple[Task, ...]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        stop = asyncio.Event()
        app.state.tasks = running = asyncio.create_task(supervise(tasks, stop), name="web-tasks")
        running.add_done_callback(lambda _: app.state.failed.set())
        try:
            yield
        finally:
            parts.live.close()
            parts.charts.close()
            await parts.rebuilds.close()
            await parts.mail_jobs.close()
            await parts.previews.close()
            await parts.questions.close()
            await rooms.close()
            stop.set()
            await asyncio.wait({running})  # what ended it is for the server to raise

    return lifespan
