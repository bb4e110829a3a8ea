"""The roles a process can have, and the tasks of each: `cauce up` runs all of them, `cauce serve ROLE` one.

Each imports what it needs when it is asked: a process loads the parts of its own roles and no others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from schemas.topics import INTERACTIONS, MAIL
from services import ports
from services.consumers import INCIDENTS, PARSER
from services.garbage import settle
from services.settings import Endpoint
from services.supervision import Task
from services.wiring import Hub


def intake(hub: Hub) -> list[Task]:
    """Mail by SMTP, LMTP and IMAP onto the log `mail`."""
    from channels.email.mailboxes import Mailboxes
    from channels.email.receiving.certificate import Certificate, CertificateFiles
    from channels.email.receiving.lmtp import serve_lmtp
    from channels.email.receiving.reception import Reception
    from channels.email.receiving.smtp import serve_smtp

    settings = hub.settings
    reception = Reception(hub.log, hub.blobs, Mailboxes(settings.mail_addresses), hub.secret)
    files = CertificateFiles.named(settings.smtp_certificate, settings.smtp_key)
    certificate = Certificate(files) if files is not None else None

    async def smtp() -> None:
        server = await serve_smtp(
            reception,
            ports.listen(settings.smtp, "CAUCE_SMTP"),
            hostname=settings.mail_domain,
            rate_limit=settings.rate_limit,
            certificate=certificate,
            tls_required=settings.smtp_tls_required,
        )
        await _until_cancelled(server)

    async def lmtp(endpoint: Endpoint) -> None:
        listening = ports.listen(endpoint, "CAUCE_LMTP")
        await _until_cancelled(
            await serve_lmtp(reception, listening, hostname=settings.mail_domain, certificate=certificate)
        )

    tasks = [Task("smtp", smtp)]
    if settings.lmtp is not None:
        endpoint = settings.lmtp
        tasks.append(Task("lmtp", lambda: lmtp(endpoint)))
    if settings.imap:
        from channels.email.receiving.imap import MailboxReader
        from channels.email.receiving.imap_account import read_account

        readers = [MailboxReader(hub.database, reception, read_account(url)) for url in settings.imap]
        tasks += [Task("imap", reader.run) for reader in readers]
    return tasks


def parser(hub: Hub) -> list[Task]:
    """Raw mail into interactions."""
    from services.parser import ParserService

    async def run() -> None:
        async with ParserService.open(hub) as service:
            await hub.log.consume(MAIL, PARSER, service.handle, max_records=100)

    return [Task("parser", run)]


def incidents(hub: Hub) -> list[Task]:
    """Interactions into incidents: one active writer, others stand by. And what was snoozed wakes."""
    from services.incidents.intake import IncidentsService
    from services.incidents.waking import Waking

    async def run() -> None:
        settle()
        await hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle)

    return [Task("incidents", run), Task("waking", Waking(hub.database, hub.ledger).run)]


def relay(hub: Hub) -> list[Task]:
    """The store's events onto Kafka. Without Kafka everybody reads the store itself."""
    if not hub.settings.kafka:
        return []
    from services.relay import run_relay

    return [Task("relay", lambda: run_relay(hub.database, hub.settings.kafka, hub.settings.kafka_prefix))]


def projections(hub: Hub) -> list[Task]:
    """Every read model, kept up to date; and what articles mean."""
    from projections.projection import Projection
    from projections.registry import ALL
    from services.projector import run_projector

    def task(projection: Projection) -> Task:
        return Task(projection.name, lambda: run_projector(hub.database, hub.keys, hub.feed, projection))

    return [*(task(projection) for projection in ALL), *_meaning(hub)]


def _meaning(hub: Hub) -> list[Task]:
    """Vectors of the articles, where CAUCE_EMBEDDINGS asks for them."""
    if hub.settings.embeddings is None:
        return []
    from services.knowledge.meaning.embedder import Embedder
    from services.knowledge.meaning.filling import Filling

    address = hub.settings.embeddings
    return [Task("article vectors", lambda: Filling(hub.database, Embedder(address)).run())]


def deliveries(hub: Hub) -> list[Task]:
    """Mail to customers, without CAUCE_MAIL_OUT waiting in its queue; and the clean-up for privacy."""
    from channels.email.mailboxes import Mailboxes
    from channels.email.sending.signing import Signer, read_keys
    from channels.email.sending.submission import Submission, read_server
    from services.deliveries.guard import Limit
    from services.deliveries.letters import Letterhead
    from services.deliveries.worker import DeliveryWorker, Pace
    from services.privacy.cleaning import Cleaning

    settings, pace = hub.settings, Pace()
    head = Letterhead(
        secret=hub.secret,
        tokens=hub.tokens,
        mailboxes=Mailboxes(settings.mail_addresses),
        public_url=settings.public_url,
        locale=settings.locale,
    )
    submission = Submission(read_server(settings.mail_out), seconds=pace.attempt_seconds) if settings.mail_out else None
    signer = Signer(read_keys(settings.dkim))
    # a load test confirms thousands of forms to one address
    within = timedelta(hours=settings.automatic_hours)
    limit = Limit(settings.automatic_mails, within) if settings.rate_limit else None
    worker = DeliveryWorker(hub.database, hub.ledger, hub.blobs, head, submission, pace, signer=signer, limit=limit)
    return [Task("deliveries", worker.run), Task("cleaning", Cleaning(hub).run)]


def web(hub: Hub) -> list[Task]:
    """Pages, API, forms, chat, telephone pushes, live updates."""
    from services.web.app import create_app
    from services.web.server import serve

    async def run() -> None:
        await serve(create_app(hub), ports.listen(hub.settings.http, "CAUCE_HTTP"))

    return [Task("web", run)]


def metrics(hub: Hub) -> list[Task]:
    """`/metrics` of a process without pages, where CAUCE_METRICS_PORT says so."""
    from services import metrics_port

    port = hub.settings.metrics_port
    if port is None:
        return []
    return [Task("metrics", lambda: metrics_port.serve(Endpoint(hub.settings.http.host, port)))]


ROLES: Mapping[str, Callable[[Hub], Sequence[Task]]] = {
    "intake": intake,
    "parser": parser,
    "incidents": incidents,
    "relay": relay,
    "projections": projections,
    "deliveries": deliveries,
    "web": web,
}


async def _until_cancelled(server: asyncio.Server) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        ending: Awaitable[None] = server.wait_closed()
        await asyncio.wait_for(ending, timeout=3)
