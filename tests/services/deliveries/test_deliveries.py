"""Deliveries: real rows and facts, real workers, a real SMTP server on the other side."""

from __future__ import annotations

import asyncio
import dataclasses
import email
import email.policy
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dkim
import pytest
from aiosmtpd.controller import Controller

from channels.email.mailboxes import Mailboxes
from channels.email.origin.automatic import loop_mark
from channels.email.parse import Ours, parse
from channels.email.sending.signing import Signer, create, read_keys
from channels.email.sending.submission import Submission, read_server
from channels.tokens import ThreadTokens
from eventstore import store
from eventstore.blobs import FolderBlobs
from eventstore.identity import new_epoch, read_identity
from eventstore.ledger import NO_CAUSE, Ledger
from schemas.errors import ConflictError, InvalidError, NotFoundError, SettingsError
from schemas.facts import stream_id
from schemas.facts.address import AddressMuted
from schemas.facts.incident import (
    IncidentMerged,
    IncidentOpened,
    IncidentTeamAssigned,
    InteractionLinked,
    Reason,
    Subject,
)
from schemas.facts.interaction import (
    InteractionContent,
    InteractionDelivered,
    InteractionDeliveryFailed,
    InteractionDeliveryUncertain,
    InteractionPostponed,
    InteractionReceived,
    InteractionRequeued,
    InteractionSent,
)
from schemas.ids import keyed_id
from schemas.interaction import Attachment, Channel, Direction, Party, RawMail
from schemas.threads import mailed
from services.access import team_mail, teams
from services.access.desk import Access
from services.access.team_mail import TeamMail
from services.deliveries import queue, standing
from services.deliveries.guard import Limit
from services.deliveries.letters import Letterhead
from services.deliveries.queue import Kind, NewDelivery
from services.deliveries.worker import DeliveryWorker, Pace
from services.muting import tables
from tests.ports import own_port

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOX = "support@cauce.example"
AT_ONCE = Pace(pause=lambda _attempt: timedelta(0), poll_seconds=0.02)


class Remote:
    """Somebody's mail server: keeps what it takes, answers what it is told to."""

    def __init__(self) -> None:
        self.mails = []
        self.rcpt = "250 OK"
        self.data = ["250 OK taken"]
        self.stall = asyncio.Event()
        self.stalling = False
        self.dropping = False

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 -- aiosmtpd's name
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 -- aiosmtpd's name
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.dropping:
            server.transport.abort()
        if self.stalling:
            await asyncio.sleep(600)
        return self.data.pop(0) if len(self.data) > 1 else self.data[0]


@pytest.fixture
def remote():
    return Remote()


@pytest.fixture
def port(remote):
    free = own_port()  # aiosmtpd connects to itself by its number
    controller = Controller(remote, hostname="127.0.0.1", port=free, ready_timeout=60)
    controller.start()
    yield free
    controller.stop()


@pytest.fixture
def ledger(keys):
    return Ledger(keys)


@pytest.fixture
def secret(database):
    with database.transaction() as connection:
        return read_identity(connection).secret


@pytest.fixture
def head(secret):
    return Letterhead(
        secret=secret,
        tokens=ThreadTokens(secret),
        mailboxes=Mailboxes((BOX, "ventas@cauce.example")),
        public_url="https://help.cauce.example",
        locale="es",
        name="Cauce",
    )


@pytest.fixture
def blobs(tmp_path):
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
def worker(database, ledger, head, blobs, port):
    def make(pace=AT_ONCE, seconds=5.0, limit=None):
        submission = Submission(read_server(f"smtp://127.0.0.1:{port}"), seconds=seconds)
        return DeliveryWorker(database, ledger, blobs, head, submission, pace, limit=limit)

    return make


class Story:
    """Ana wrote a form (`channel`), incident 7 was opened, an agent answered; all queued."""

    def __init__(
        self,
        database,
        ledger,
        secret,
        *,
        channel=Channel.FORM,
        reply="Pruebe otra vez.\n\nSaludos",
        language="en",
        attachments=(),
        said="",
        sender="email:ana@x.cu",
    ):
        self.received, self.sent, self.incident = uuid4(), uuid4(), uuid4()
        self.mailed = mailed(self.received)
        self.address = keyed_id(secret, "email:ana@x.cu")
        ana = Party(address="email:ana@x.cu", name="Ana Pérez")
        common = {"address": self.address, "thread": self.received}
        theirs = {"address": keyed_id(secret, sender), "thread": self.received}
        facts = [
            InteractionReceived(
                interaction=self.received,
                channel=channel,
                contact=self.received,
                occurred_at=NOW,
                received_at=NOW,
                language=language,
                personal=InteractionContent(
                    sender=Party(address=sender, name=ana.name),
                    text=said,
                    subject="No imprime",
                    message_id="theirs@x.cu" if channel is Channel.EMAIL else "",
                    details={"mailbox": "ventas@cauce.example"} if channel is Channel.EMAIL else {},
                ),
                **theirs,
            ),
            IncidentOpened(
                incident=self.incident,
                number=7,
                customer=uuid4(),
                address=self.address,
                channel=channel,
                at=NOW,
                personal=Subject(subject="No imprime"),
            ),
            self._link(self.received, channel, Direction.IN),
            InteractionSent(
                interaction=self.sent,
                incident=self.incident,
                channel=channel,
                by="luis",
                at=NOW,
                personal=InteractionContent(recipients=(ana,), text=reply, attachments=attachments),
                **common,
            ),
            self._link(self.sent, channel, Direction.OUT),
        ]
        with database.transaction() as connection:
            store.lock(connection)
            ledger.record(connection, [(fact, NO_CAUSE) for fact in facts], {})

    def _link(self, interaction, channel, direction):
        return InteractionLinked(
            incident=self.incident,
            interaction=interaction,
            channel=channel,
            direction=direction,
            thread=self.received,
            address=self.address,
            reason=Reason.NEW,
            at=NOW,
        )

    def reply(self):
        return NewDelivery(self.sent, Kind.REPLY, self.address, self.incident)

    def confirmation(self):
        return NewDelivery(self.received, Kind.CONFIRMATION, self.address, self.incident)


@pytest.fixture
def story(database, ledger, secret):
    return Story(database, ledger, secret)


def enqueue(database, *deliveries):
    with database.transaction() as connection:
        return queue.enqueue(connection, deliveries)


def states(database):
    with database.transaction() as connection:
        return queue.counts(connection)


def outcomes(database, ledger, story):
    with database.transaction() as connection:
        history = ledger.load(connection, [stream_id("interaction", story.sent)])
    return [type(fact) for fact in next(iter(history.values())).facts[1:]]


def read_mail(content):
    return email.message_from_bytes(content, policy=email.policy.default)


def words_of(mail):
    return mail.get_body(("plain",)).get_content().splitlines()


async def drain(worker):
    while await worker.run_once():
        pass


async def test_a_reply_arrives_threaded_and_its_fact_is_recorded(database, ledger, story, worker, remote, head):
    enqueue(database, story.reply())
    await drain(worker())
    ((sender, to, content),) = remote.mails
    mail = read_mail(content)
    token = head.tokens.sign(story.mailed)
    confirmation = head.tokens.message_id(story.mailed, story.received, "cauce.example")
    assert {
        name: mail[name] for name in ("From", "To", "Reply-To", "Subject", "Message-ID", "In-Reply-To", "References")
    } == {
        "From": f"Cauce <{BOX}>",
        "To": "Ana Pérez <ana@x.cu>",
        "Reply-To": f"Cauce <support+{token}@cauce.example>",
        "Subject": "Re: No imprime [#7]",
        "Message-ID": f"<{head.tokens.message_id(story.mailed, story.sent, 'cauce.example')}>",
        "In-Reply-To": f"<{confirmation}>",
        "References": f"<{confirmation}>",
    }
    assert (sender, to) == (f"support+{token}@cauce.example", ["ana@x.cu"])
    assert mail["X-Cauce-Loop"] == loop_mark(head.secret)
    assert mail["Auto-Submitted"] is None
    assert mail.get_body(("plain",)).get_content().splitlines() == ["Pruebe otra vez.", "", "Saludos"]
    assert "<p>Pruebe otra vez.</p>" in mail.get_body(("html",)).get_content()
    assert states(database) == {"sent": 1}
    with database.transaction() as connection:
        assert queue.unsent(connection) == {}
    assert outcomes(database, ledger, story) == [InteractionDelivered]


async def test_what_arrives_is_signed_by_our_domain(database, ledger, story, head, blobs, port, remote, tmp_path):
    key = create(tmp_path, "cauce.example", "cauce")
    submission = Submission(read_server(f"smtp://127.0.0.1:{port}"), seconds=5)
    signer = Signer(read_keys(tmp_path))
    enqueue(database, story.reply())
    await drain(DeliveryWorker(database, ledger, blobs, head, submission, AT_ONCE, signer=signer))
    ((_, _, content),) = remote.mails
    said = "".join(re.findall(r'"([^"]*)"', key.record())).encode()
    assert dkim.verify(content, dnsfunc=lambda _name, timeout=5: said)  # noqa: ARG005 -- dkimpy's shape


async def test_files_of_a_reply_leave_as_parts_of_the_mail(database, ledger, secret, blobs, worker, remote):
    kept = [("foto é.png", "image/png", b"\x89PNG"), ("otro.eml", "message/rfc822", b"Subject: x\r\n\r\ny")]
    files = tuple(
        Attachment(name=name, bytes=len(data), media_type=kind, blob=blobs.put(data)) for name, kind, data in kept
    )
    story = Story(database, ledger, secret, attachments=files)
    enqueue(database, story.reply())
    await drain(worker())
    parts = list(read_mail(remote.mails[0][2]).iter_attachments())
    assert [(part.get_filename(), part.get_content_type()) for part in parts] == [
        ("foto é.png", "image/png"),
        ("otro.eml", "application/octet-stream"),
    ]
    assert [part.get_content() for part in parts] == [data for _, _, data in kept]


async def test_a_held_reply_leaves_once_its_time_has_come_and_a_withdrawn_one_never(database, story, worker, remote):
    later = datetime.now(UTC) + timedelta(hours=1)
    enqueue(database, dataclasses.replace(story.reply(), not_before=later))
    await drain(worker())
    assert remote.mails == []
    with database.transaction() as connection:  # the hour passes
        connection.execute("UPDATE deliveries SET next_attempt_at = now(), not_before = now()")
    await drain(worker())
    assert len(remote.mails) == 1
    with database.transaction() as connection:
        assert not queue.withdraw(connection, story.sent)


async def test_an_answer_to_a_mail_refers_to_it_and_comes_from_its_mailbox(database, ledger, secret, worker, remote):
    story = Story(database, ledger, secret, channel=Channel.EMAIL)
    enqueue(database, story.reply())
    await drain(worker())
    mail = read_mail(remote.mails[0][2])
    assert (mail["In-Reply-To"], mail["From"]) == ("<theirs@x.cu>", "Cauce <ventas@cauce.example>")


async def test_an_answer_is_its_teams_with_name_mailbox_and_signature(database, ledger, secret, story, worker, remote):
    access, boxes = Access(database, ledger, secret), Mailboxes((BOX, "ventas@cauce.example"))
    await access.run("eva", teams.create_team, "ventas", "Ventas")
    mail = TeamMail("ventas@cauce.example", "Ventas de Cauce", "{agent}\n{team}, La Habana", "{agent}\n{team} team")
    await access.run("eva", team_mail.set_mail, "ventas", mail, boxes)
    await access.run("eva", team_mail.set_mail, "ventas", mail, boxes)  # the same again is no news
    with database.transaction() as connection:
        store.lock(connection)
        given = IncidentTeamAssigned(incident=story.incident, team="ventas", by="eva", at=NOW)
        ledger.record(connection, [(given, NO_CAUSE)], store.versions(connection, [f"incident/{story.incident}"]))
        said = connection.execute("SELECT count(*) FROM events WHERE type = 'team.mail_set.v1'").fetchone()
    enqueue(database, story.reply())
    await drain(worker())
    sent = read_mail(remote.mails[0][2])
    assert said == (1,)
    assert sent["From"] == "Ventas de Cauce <ventas@cauce.example>"
    assert sent["Reply-To"].startswith("Ventas de Cauce <ventas+")
    assert words_of(sent)[-4:] == ["", "-- ", "luis", "Ventas, La Habana"]
    with pytest.raises(InvalidError):
        await access.run("eva", team_mail.set_mail, "ventas", TeamMail("ventas@other.example"), boxes)


async def test_an_answer_shows_what_it_answers_and_nobody_elses_words(database, ledger, secret, worker, remote):
    story = Story(database, ledger, secret, channel=Channel.EMAIL, said="No imprime <nada>.\n> antes")
    enqueue(database, story.reply())
    await drain(worker())
    mail = read_mail(remote.mails[0][2])
    shown = ["El 1 mar 2026 12:00 UTC, Ana Pérez escribió:", "> No imprime <nada>.", ">> antes"]
    assert words_of(mail)[-5:] == ["Saludos", "", *shown]
    assert '<blockquote type="cite">No imprime &lt;nada&gt;.<br>' in mail.get_body(("html",)).get_content()
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    stranger = Story(database, ledger, secret, channel=Channel.EMAIL, said="secreto", sender="email:eva@x.cu")
    enqueue(database, stranger.reply())
    await drain(worker())
    assert b"secreto" not in remote.mails[1][2]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "We have received your message"), ("es", "Hemos recibido su mensaje"), ("", "Hemos recibido su mensaje")],
)
async def test_a_form_is_confirmed_in_its_language_with_its_link(
    database, ledger, secret, worker, remote, head, language, words
):
    story = Story(database, ledger, secret, language=language)
    enqueue(database, story.confirmation())
    await drain(worker())
    mail = read_mail(remote.mails[0][2])
    assert mail["Subject"] == f"{words}: No imprime [#7]"
    link = f"https://help.cauce.example/status/{head.tokens.sign_link(story.mailed)}"
    assert link in mail.get_body(("plain",)).get_content()
    assert f'href="{link}"' in mail.get_body(("html",)).get_content()
    assert (mail["Auto-Submitted"], mail["References"]) == ("auto-replied", None)
    assert outcomes(database, ledger, story) == []  # a confirmation is no interaction


async def test_what_we_send_comes_back_with_its_thread_proven(database, story, worker, remote, head):
    enqueue(database, story.confirmation())
    await drain(worker())
    sent = read_mail(remote.mails[0][2])
    threading = f"In-Reply-To: {sent['Message-ID']}\r\nSubject: Re: {sent['Subject']}"
    answer = f"From: ana@x.cu\r\nTo: {BOX}\r\n{threading}\r\n\r\nSi\r\n"
    raw = RawMail(
        id=uuid4(), source="smtp", mailbox=BOX, envelope_from="ana@x.cu", envelope_to=(BOX,), size=1, received_at=NOW
    )
    hints = parse(raw, answer.encode(), Ours(secret=head.secret, addresses=(BOX,))).interaction
    assert (hints.thread, hints.hints.thread_signed, hints.hints.subject_number) == (story.mailed, True, 7)
    ours = parse(raw, remote.mails[0][2], Ours(secret=head.secret, addresses=(BOX,))).interaction
    assert (ours.hints.automatic, ours.details["loop"]) == ("reply", "ours")


async def test_a_merged_incident_is_answered_under_the_number_it_is_read_as(database, ledger, story, worker, remote):
    into = uuid4()
    with database.transaction() as connection:
        store.lock(connection)
        stream = stream_id("incident", story.incident)
        opened = IncidentOpened(
            incident=into, number=3, customer=uuid4(), address=story.address, channel=Channel.FORM, at=NOW
        )
        merged = IncidentMerged(incident=story.incident, into=into, at=NOW)
        ledger.record(connection, [(opened, NO_CAUSE), (merged, NO_CAUSE)], store.versions(connection, [stream]))
    enqueue(database, story.reply())
    await drain(worker())
    assert read_mail(remote.mails[0][2])["Subject"].endswith("[#3]")


async def test_of_automatic_mails_to_an_address_only_so_many_leave(database, ledger, secret, worker, remote):
    stories = [Story(database, ledger, secret) for _ in range(3)]
    enqueue(database, *(story.confirmation() for story in stories), stories[0].reply())
    await drain(worker(limit=Limit(2, timedelta(hours=1))))
    assert states(database) == {"sent": 3, "withheld": 1}
    assert sorted("Auto-Submitted" in read_mail(content) for _, _, content in remote.mails) == [False, True, True]
    with database.transaction() as connection:
        found = standing.of_confirmations(connection, [each.received for each in stories])
    assert Counter((each.state, each.error) for each in found.values()) == {
        ("sent", ""): 2,
        ("withheld", "too_many"): 1,
    }


async def test_queued_twice_is_sent_once(database, story, worker, remote):
    assert enqueue(database, story.reply(), story.reply()) == 1
    assert enqueue(database, story.reply()) == 0
    await drain(worker())
    assert len(remote.mails) == 1


async def test_many_workers_send_each_once(database, ledger, secret, worker, remote):
    for _ in range(20):
        enqueue(database, Story(database, ledger, secret).reply())
    await asyncio.gather(*(drain(worker()) for _ in range(4)))
    assert len(remote.mails) == 20
    assert len({read_mail(content)["Message-ID"] for _, _, content in remote.mails}) == 20
    assert states(database) == {"sent": 20}


def test_what_one_worker_is_leasing_no_other_gets_or_waits_for(database, story):
    enqueue(database, story.reply(), story.confirmation())
    with database.transaction() as first, database.transaction() as second:
        assert len(queue.lease(first, 1, 60)) == 1
        assert len(queue.lease(second, 5, 60)) == 1
    with database.transaction() as third:
        assert queue.lease(third, 5, 60) == []


async def test_later_is_tried_again_and_never_is_not(database, ledger, secret, worker, remote):
    story = Story(database, ledger, secret)
    enqueue(database, story.reply())
    remote.data = ["451 busy", "250 OK"]
    await drain(worker())
    assert (len(remote.mails), outcomes(database, ledger, story)) == (2, [InteractionPostponed, InteractionDelivered])
    other = Story(database, ledger, secret)
    enqueue(database, other.reply())
    remote.rcpt = "550 5.1.1 <ana@x.cu>: no banana for Ana"
    await drain(worker())
    assert (len(remote.mails), outcomes(database, ledger, other)) == (2, [InteractionDeliveryFailed])
    with database.transaction() as connection:
        ((reason,),) = connection.execute("SELECT last_error FROM deliveries WHERE state = 'failed'").fetchall()
    assert reason == "550 5.1.1 … no banana for …"  # no address outlives its erasure here


def standing_of(database, story):
    with database.transaction() as connection:
        return standing.of(connection, [story.sent])[story.sent]


async def test_how_it_stands_is_known_at_each_step(database, ledger, story, worker, remote):
    enqueue(database, story.reply())
    remote.data = ["451 busy", "452 full", "250 OK"]
    assert (standing_of(database, story).state, standing_of(database, story).attempts) == ("queued", 0)
    for attempt, word in ((1, "451 busy"), (2, "452 full")):
        await worker().run_once()
        found = standing_of(database, story)
        assert (found.state, found.attempts, found.error) == ("delayed", attempt, word)
        assert found.next_attempt_at is not None
    with database.transaction() as connection:
        queue.lease(connection, 1, 60)
    assert standing_of(database, story).state == "sending"
    with database.transaction() as connection:
        connection.execute("UPDATE deliveries SET leased_until = now() - interval '1 second'")
    await drain(worker())
    assert (standing_of(database, story).state, len(remote.mails)) == ("sent", 3)
    assert outcomes(database, ledger, story) == [InteractionPostponed, InteractionPostponed, InteractionDelivered]


async def test_a_connection_dropped_after_the_mail_is_tried_once_more_and_then_doubtful(
    database, ledger, story, worker, remote
):
    enqueue(database, story.reply())
    remote.dropping = True
    await drain(worker())
    assert (len(remote.mails), states(database)) == (2, {"uncertain": 1})
    assert outcomes(database, ledger, story) == [InteractionPostponed, InteractionDeliveryUncertain]


async def test_what_was_refused_is_sent_again_by_a_person_as_the_same_mail(
    database, ledger, secret, story, worker, remote
):
    enqueue(database, story.reply())
    access = Access(database, ledger, secret)
    with pytest.raises(ConflictError):
        await access.run("luis", standing.send_again, story.sent)  # it is on its way
    remote.data = ["554 no", "250 OK"]
    await drain(worker())
    assert standing_of(database, story).state == "failed"
    await access.run("luis", standing.send_again, story.sent)
    await drain(worker())
    assert outcomes(database, ledger, story) == [InteractionDeliveryFailed, InteractionRequeued, InteractionDelivered]
    assert len({read_mail(content)["Message-ID"] for _, _, content in remote.mails}) == 1
    with pytest.raises(ConflictError):
        await access.run("luis", standing.send_again, story.sent)
    with pytest.raises(NotFoundError):
        await access.run("luis", standing.send_again, uuid4())


async def test_it_gives_up_after_its_attempts(database, ledger, story, worker, remote):
    enqueue(database, story.reply())
    remote.data = ["451 busy"]
    await drain(worker(dataclasses.replace(AT_ONCE, attempts=3)))
    assert outcomes(database, ledger, story) == [InteractionPostponed, InteractionPostponed, InteractionDeliveryFailed]
    assert len(remote.mails) == 3


async def test_an_outcome_is_recorded_though_somebody_holds_the_store(database, ledger, story, worker, remote):
    enqueue(database, story.reply())
    with database.dedicated() as blocker, blocker.transaction():
        store.lock(blocker)
        task = asyncio.create_task(drain(worker()))
        await asyncio.sleep(3)  # longer than the lock may be waited for
    await task
    assert (len(remote.mails), outcomes(database, ledger, story)) == (1, [InteractionDelivered])


async def test_a_database_that_gives_no_letter_is_no_attempt_that_died(database, story, worker, remote):
    enqueue(database, story.reply())
    with database.dedicated() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        assert await worker().run_once() == 1
    with database.transaction() as connection:
        assert connection.execute("SELECT state, deaths FROM deliveries").fetchall() == [("queued", 0)]
    await drain(worker())
    assert (len(remote.mails), states(database)) == (1, {"sent": 1})


async def test_a_server_that_takes_the_mail_and_says_nothing_gets_it_twice_at_most(
    database, ledger, story, worker, remote
):
    enqueue(database, story.reply())
    remote.stalling = True
    await drain(worker(seconds=1.5))
    assert (len(remote.mails), states(database)) == (2, {"uncertain": 1})
    assert outcomes(database, ledger, story) == [InteractionPostponed, InteractionDeliveryUncertain]


async def test_nobody_listening_costs_nothing(database, ledger, head, blobs, story, worker, remote):
    enqueue(database, story.reply())
    nobody = DeliveryWorker(
        database, ledger, blobs, head, Submission(read_server("smtp://127.0.0.1:1"), seconds=2), AT_ONCE
    )
    for _ in range(5):
        await nobody.run_once()
    assert states(database) == {"queued": 1}
    await drain(worker())
    assert (len(remote.mails), states(database)) == (1, {"sent": 1})


async def test_without_a_server_it_waits(database, ledger, head, blobs, story):
    enqueue(database, story.reply())
    assert await DeliveryWorker(database, ledger, blobs, head, None).run_once() == 0
    assert states(database) == {"queued": 1}


async def test_nothing_is_sent_to_somebody_erased(database, keys, ledger, story, worker, remote):
    enqueue(database, story.reply())
    with database.transaction() as connection:
        keys.destroy(connection, [story.address])
    await drain(worker())
    assert (remote.mails, states(database)) == ([], {"failed": 1})


async def test_after_a_restore_it_waits_until_released(database, story, worker, remote):
    enqueue(database, story.reply())
    with database.transaction() as connection:
        new_epoch(connection)
    await drain(worker())
    assert (remote.mails, states(database)) == ([], {"held": 1})
    with database.transaction() as connection:
        assert queue.release(connection) == 1
    await drain(worker())
    assert len(remote.mails) == 1


async def test_a_worker_asked_to_end_finishes_what_it_hands_over(database, story, worker, remote):
    enqueue(database, story.reply())
    remote.stalling = True
    task = asyncio.create_task(worker(seconds=1.5).run())
    async with asyncio.timeout(60):
        while not remote.mails:  # noqa: ASYNC110 -- another thread changes it
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert states(database) == {"queued": 1}  # it knows what became of it: nothing certain


PROGRAM = """
import asyncio, sys
from channels.email.mailboxes import Mailboxes
from channels.email.sending.submission import Submission, read_server
from eventstore.blobs import FolderBlobs
from eventstore.database import Database
from eventstore.identity import read_identity
from eventstore.keys import Keys
from eventstore.ledger import Ledger
from channels.tokens import ThreadTokens
from pathlib import Path
from services.deliveries.letters import Letterhead
from services.deliveries.worker import DeliveryWorker, Pace

database = Database(sys.argv[1]); database.open()
with database.transaction() as connection:
    secret = read_identity(connection).secret
head = Letterhead(secret=secret, tokens=ThreadTokens(secret), mailboxes=Mailboxes(("support@cauce.example",)),
                  public_url="https://x", locale="es")
submission = Submission(read_server("smtp://127.0.0.1:" + sys.argv[2]), seconds=60)
pace = Pace(lease_seconds=1.5, poll_seconds=0.05)
worker = DeliveryWorker(database, Ledger(Keys(database)), FolderBlobs(Path(sys.argv[3])), head, submission, pace)
asyncio.run(worker.run())
"""


async def test_a_worker_killed_in_the_middle_twice_leaves_two_attempts_and_a_doubt(
    database, database_url, ledger, story, remote, port, tmp_path
):
    enqueue(database, story.reply())
    remote.stalling = True

    def start():
        return subprocess.Popen([sys.executable, "-c", PROGRAM, database_url, str(port), str(tmp_path)], env=os.environ)

    for attempt in (1, 2):
        process = start()
        async with asyncio.timeout(60):
            while len(remote.mails) < attempt:  # noqa: ASYNC110 -- another process changes it
                await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = start()
    async with asyncio.timeout(60):
        while states(database) != {"uncertain": 1}:  # noqa: ASYNC110 -- another process changes it
            await asyncio.sleep(0.05)
    process.terminate()
    process.wait()
    assert len(remote.mails) == 2
    assert len({read_mail(content)["Message-ID"] for _, _, content in remote.mails}) == 1
    assert outcomes(database, ledger, story) == [InteractionDeliveryUncertain]


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://host:port", "nonsense"])
def test_a_wrong_setting_is_named(url):
    with pytest.raises(SettingsError, match="CAUCE_MAIL_OUT"):
        read_server(url)


def test_a_password_is_in_no_text():
    server = read_server("smtps://ana:p%40ss@mail.example")
    assert (server.password, server.port, server.tls) == ("p@ss", 465, True)
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    ("answer", "muted"),
    [
        ("550 5.1.1 no such user", "5.1.1"),
        ("550 5.7.1 policy", None),
        ("550 mailbox unavailable", None),
        ("452 4.1.1 later", None),
    ],
)
async def test_an_address_refused_for_good_by_its_code_is_muted(database, keys, story, worker, remote, answer, muted):
    remote.rcpt = answer
    enqueue(database, story.reply())
    await worker().run_once()
    with database.transaction() as connection:
        kept = tables.of(connection, [story.address])
        told = [event.fact(keys) for event in store.read_after(connection, 0, 1000)]
    assert [mute.status for mute in kept.values()] == ([muted] if muted else [])
    assert [fact.status for fact in told if isinstance(fact, AddressMuted)] == ([muted] if muted else [])
