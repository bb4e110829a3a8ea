"""From a form to its confirmation, the answer to that, the agent's answer and the bounce of it: one incident."""

from __future__ import annotations

import asyncio
import email
import email.policy
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.reception import Envelope, Reception
from channels.email.sending.submission import Submission, read_server
from channels.intake import Intake
from eventstore import store
from eventstore.blobs import FolderBlobs
from schemas.facts import stream_id
from schemas.facts.incident import IncidentOpened, InteractionLinked, Reason
from schemas.facts.interaction import InteractionBounced
from schemas.interaction import Channel, Hints, Interaction, Party
from schemas.threads import mailed
from schemas.topics import INTERACTIONS, MAIL
from services.commands import Commands
from services.consumers import INCIDENTS, PARSER
from services.deliveries.letters import Letterhead
from services.deliveries.worker import DeliveryWorker, Pace
from services.incidents.intake import IncidentsService
from services.incidents.requests import Reply
from services.parser import ParserService
from services.settings import read
from services.wiring import build_hub
from tests.ports import own_port

BOX = "support@cauce.example"


class Sink:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 -- aiosmtpd's name
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@pytest.fixture
def sink():
    found = Sink()
    port = own_port()
    controller = Controller(found, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    found.port = port
    yield found
    controller.stop()


@pytest.fixture
async def hub(database_url, database, tmp_path):
    settings = read({"CAUCE_DATABASE_URL": database_url, "CAUCE_DATA": str(tmp_path), "CAUCE_MAIL_ADDRESSES": BOX})
    opened = build_hub(settings, database, FolderBlobs(tmp_path / "blobs"))
    yield opened
    await opened.log.close()


@pytest.fixture
async def running(hub, sink):
    """Parser, incidents and deliveries at work."""
    mailboxes = Mailboxes((BOX,))
    head = Letterhead(
        secret=hub.secret, tokens=hub.tokens, mailboxes=mailboxes, public_url="http://help.example", locale="es"
    )
    worker = DeliveryWorker(
        hub.database,
        hub.ledger,
        hub.blobs,
        head,
        Submission(read_server(f"smtp://127.0.0.1:{sink.port}")),
        Pace(poll_seconds=0.05),
    )
    async with ParserService.open(hub) as parser:
        tasks = [
            asyncio.create_task(hub.log.consume(MAIL, PARSER, parser.handle)),
            asyncio.create_task(hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle)),
            asyncio.create_task(worker.run()),
        ]
        yield Reception(hub.log, hub.blobs, mailboxes, hub.secret)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def facts(hub):
    with hub.database.transaction() as connection:
        return [event.fact(hub.keys) for event in store.read_after(connection, 0, 1000)]


async def until(condition, seconds=60.0):
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 -- other threads change it
            await asyncio.sleep(0.05)


def links(hub):
    return [fact for fact in facts(hub) if isinstance(fact, InteractionLinked)]


async def test_a_conversation_by_mail_is_one_incident(hub, running, sink):
    form = uuid4()
    now = datetime.now(UTC)
    await Intake(hub.log, hub.secret).submit(
        Interaction(
            id=form,
            channel=Channel.FORM,
            sender=Party(address="email:ana@x.cu", name="Ana"),
            subject="No imprime",
            text="Ayuda",
            thread=form,
            contact=form,
            occurred_at=now,
            received_at=now,
            language="es",
            hints=Hints(),
        )
    )
    await until(lambda: len(sink.mails) == 1)
    confirmation = sink.mails[0]
    assert f"/status/{hub.tokens.sign_link(mailed(form))}" in confirmation.get_body().get_content()
    assert confirmation["Subject"] == "Hemos recibido su mensaje: No imprime [#1]"

    answer = (
        f"From: Ana <ana@x.cu>\r\nTo: {BOX}\r\nMessage-ID: <a1@x.cu>\r\nIn-Reply-To: {confirmation['Message-ID']}\r\n"
        "Subject: otra cosa\r\n\r\nSigue igual.\r\n"
    )
    await running.accept(Envelope("smtp", "ana@x.cu", (BOX,)), answer.encode())
    await until(lambda: len(links(hub)) == 2)
    first, second = links(hub)
    assert (second.incident, second.reason, second.thread) == (first.incident, Reason.SIGNED_TOKEN, mailed(form))

    opened = next(fact for fact in facts(hub) if isinstance(fact, IncidentOpened))
    commands = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    writer = asyncio.create_task(commands.serve())
    outcome = await commands.run(Reply(incident=1, text="Reinicie.", by=""), by="luis")
    writer.cancel()
    assert outcome.delivery == "queued"
    await until(lambda: len(sink.mails) == 2)
    assert sink.mails[1]["In-Reply-To"] == "<a1@x.cu>"
    assert sink.mails[1]["References"] == f"{confirmation['Message-ID']} <a1@x.cu>"

    bounce = (
        "From: MAILER-DAEMON@x.cu\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\n\r\nNo\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {sink.mails[1]['Message-ID']}\r\n\r\n--b--\r\n"
    )
    await running.accept(Envelope("smtp", "", (sink.mails[1]["Reply-To"].addresses[0].addr_spec,)), bounce.encode())
    await until(lambda: any(isinstance(fact, InteractionBounced) for fact in facts(hub)))
    assert {link.incident for link in links(hub)} == {opened.incident}
    with hub.database.transaction() as connection:
        history = hub.ledger.load(connection, [stream_id("interaction", outcome.interaction)])
    assert [type(fact).__name__ for fact in next(iter(history.values())).facts] == [
        "InteractionSent",
        "InteractionDelivered",
        "InteractionBounced",
    ]
