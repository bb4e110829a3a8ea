"""From the log `mail` to the log `interactions`: nothing lost, nothing doubled, whatever a mail does to its parser."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import psutil
import pytest

from channels.email.mailboxes import Mailboxes
from channels.email.parse import Ours
from channels.email.parser_pool import Bounds, ParserPool
from channels.email.receiving.reception import Envelope, Reception
from channels.intake import decode_item
from eventstore.blobs import FolderBlobs
from schemas.errors import DecodeError, OperatorError
from schemas.interaction import Party, RawMail
from schemas.topics import MAIL
from services import quarantine
from services.consumers import PARSER
from services.held import raw
from services.parser import ParserService
from services.settings import read
from services.wiring import build_hub

BOX = "support@cauce.example"


@pytest.fixture
def settings(database_url, tmp_path):
    environment = {"CAUCE_DATABASE_URL": database_url, "CAUCE_DATA": str(tmp_path), "CAUCE_MAIL_ADDRESSES": BOX}
    return read(environment)


@pytest.fixture
async def hub(settings, database, tmp_path):
    opened = build_hub(settings, database, FolderBlobs(tmp_path / "blobs"))
    yield opened
    await opened.log.close()


@pytest.fixture
def reception(hub):
    return Reception(hub.log, hub.blobs, Mailboxes((BOX,)), hub.secret)


def mail(number, body="hola"):
    head = f"From: Ana <ana{number}@x.cu>\r\nTo: {BOX}\r\nMessage-ID: <{number}@x.cu>\r\nSubject: s{number}"
    return f"{head}\r\n\r\n{body}\r\n".encode()


async def put(reception, *contents):
    for content in contents:
        await reception.accept(Envelope("smtp", "ana@x.cu", (BOX,)), content)


def handed_on(hub):
    with hub.database.transaction() as connection:
        rows = connection.execute('SELECT value FROM log_interactions ORDER BY "offset"').fetchall()
    return [decode_item(bytes(value)) for (value,) in rows]


@asynccontextmanager
async def consuming(hub, bounds=None):
    async with ParserService.open(hub, bounds) as service:
        task = asyncio.create_task(hub.log.consume(MAIL, PARSER, service.handle))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(condition, seconds=60.0):
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 -- another process changes it
            await asyncio.sleep(0.05)


async def test_mails_become_interactions_with_their_blobs(hub, reception):
    attached = (
        b"From: Ana <ana@x.cu>\r\nTo: support@cauce.example\r\nMessage-ID: <a@x.cu>\r\nSubject: Factura\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Va <b>la'
        b"</b> factura</p><script>x</script>\r\n--b\r\nContent-Type: text/csv; name=f.csv\r\n"
        b"Content-Disposition: attachment\r\n\r\na;b\r\n--b--\r\n"
    )
    await put(reception, mail(1), attached)
    async with consuming(hub):
        await until(lambda: len(handed_on(hub)) == 2)
    plain, rich = handed_on(hub)
    assert (plain.sender.address, plain.subject, plain.text, plain.html) == ("email:ana1@x.cu", "s1", "hola", "")
    assert hub.blobs.get(plain.raw) == mail(1)
    assert rich.text == "Va la factura"
    assert hub.blobs.get(rich.html) == b"<p>Va <b>la</b> factura</p>"
    (file,) = rich.attachments
    assert (file.name, file.media_type, hub.blobs.get(file.blob).strip()) == ("f.csv", "text/csv", b"a;b")


async def test_what_a_user_of_ours_passes_on_is_from_its_author(hub, reception):
    with hub.database.transaction() as connection:
        connection.execute(
            "INSERT INTO users (id, name, role, email) VALUES (gen_random_uuid(), 'bea', 'agent', 'bea@ours.example'),"
            " (gen_random_uuid(), 'leo', 'agent', 'leo@ours.example')"
        )
        connection.execute("UPDATE users SET disabled_at = now() WHERE name = 'leo'")
    passed_on = (
        "From: {} <{}@ours.example>\r\nTo: support@cauce.example\r\nMessage-ID: <{}@ours.example>\r\n"
        "Subject: Fwd: x\r\n\r\nMirad\r\n\r\n---------- Forwarded message ---------\r\n"
        "De: Ana <ana@x.cu>\r\nEnviado: lunes\r\n\r\nhola\r\n"
    )
    await put(reception, *(passed_on.format(name, name, name).encode() for name in ("bea", "leo", "otra")))
    async with consuming(hub):
        await until(lambda: len(handed_on(hub)) == 3)
    found = {item.hints.message_id.partition("@")[0]: item for item in handed_on(hub)}
    assert (found["bea"].sender, found["bea"].details["forwarded_by"]) == (
        Party(address="email:ana@x.cu", name="Ana"),
        "email:bea@ours.example",
    )
    assert [found[name].sender.address for name in ("leo", "otra")] == [
        "email:leo@ours.example",
        "email:otra@ours.example",
    ]


async def test_a_mail_that_kills_or_hangs_its_parser_is_held_and_the_others_go_on(hub, reception, monkeypatch):
    # the child is the real one, started with a sitecustomize that plants defects below the parser
    folder = hub.settings.data / "defects"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import email.feedparser, os, time\n"
        "real = email.feedparser.BytesFeedParser.feed\n"
        "def planted(self, content):\n"
        "    if b'please die' in content: os._exit(9)\n"
        "    if b'please hang' in content: time.sleep(600)\n"
        "    if b'please eat' in content: len(b'x' * 10**10)\n"
        "    return real(self, content)\n"
        "email.feedparser.BytesFeedParser.feed = planted\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder))
    # more of them in a row than records of ours may fail: whoever sends them can't stop the service
    bad = {2: "please die", 3: "please hang", 4: "please eat", 5: "please die", 6: "please die", 7: "please die"}
    await put(reception, *(mail(number, bad.get(number, "hola")) for number in range(9)))
    async with consuming(hub, Bounds(seconds=6)):
        await until(lambda: hub_lag(hub) == 0)
    assert [item.subject for item in handed_on(hub)] == ["s0", "s1", "s8"]
    with hub.database.transaction() as connection:
        held = quarantine.find(connection).items
        raws = {raw(connection, item.id) for item in held}
    assert raws == {mail(number, words) for number, words in bad.items()}
    assert {(item.channel, item.reason, item.sender) for item in held} == {("email", "unparsable", "ana@x.cu")}


def hub_lag(hub):
    with hub.database.transaction() as connection:
        row = connection.execute("SELECT next FROM positions WHERE consumer = 'parser'").fetchone()
        last = connection.execute('SELECT max("offset") FROM log_mail').fetchone()
    return last[0] + 1 - (row[0] if row else 0)


async def test_a_record_that_is_no_mail_is_held(hub, database):
    with database.transaction() as connection:
        connection.execute("INSERT INTO log_mail (id, key, value) VALUES (gen_random_uuid(), 'k', 'garbage')")
        connection.appended_to.add("mail")
    async with consuming(hub):
        await until(lambda: hub_lag(hub) == 0)
    with database.transaction() as connection:
        assert [item.reason for item in quarantine.find(connection).items] == ["undecodable"]


async def test_five_bad_ones_in_a_row_stop_the_service_with_all_of_them_held(hub, database):
    with database.transaction() as connection:
        for _ in range(5):
            connection.execute("INSERT INTO log_mail (id, key, value) VALUES (gen_random_uuid(), 'k', 'garbage')")
        connection.appended_to.add("mail")
    async with consuming(hub) as task:
        with pytest.raises(OperatorError, match="in a row"):
            await asyncio.wait_for(asyncio.shield(task), 60)
    with database.transaction() as connection:
        assert len(quarantine.find(connection).items) == 5


async def test_a_child_killed_from_outside_costs_no_mail_and_had_no_setting_of_ours(hub, monkeypatch):
    pool = ParserPool(Ours(secret=hub.secret, addresses=(BOX,)), size=1)
    raw = _raw()
    monkeypatch.setenv("CAUCE_DATABASE_URL", "secret")
    await pool.parse(raw, mail(1))
    for child in psutil.Process().children():
        if "channels.email.child" in " ".join(child.cmdline()):
            assert not [name for name in child.environ() if name.startswith("CAUCE_")]
            child.kill()
            child.wait()
    assert (await pool.parse(raw, mail(2))).interaction.subject == "s2"
    await pool.close()


async def test_too_much_memory_is_the_mails_fault(hub):
    pool = ParserPool(Ours(secret=hub.secret, addresses=(BOX,)), size=1, bounds=Bounds(memory_bytes=200 * 1024 * 1024))
    with pytest.raises(DecodeError):
        await pool.parse(_raw(), mail(1, "x" * 150_000_000))
    assert (await pool.parse(_raw(), mail(2))).interaction.subject == "s2"
    await pool.close()


def _raw():
    return RawMail(
        id=uuid4(),
        source="smtp",
        mailbox=BOX,
        envelope_from="ana@x.cu",
        envelope_to=(BOX,),
        size=1,
        received_at=datetime.now(UTC),
    )


PROGRAM = """
import asyncio, os
from services.settings import read
from services.wiring import open_hub
from services.parser import ParserService
from schemas.interaction import Party, RawMail
from schemas.topics import MAIL

async def main():
    async with open_hub(read()) as hub, ParserService.open(hub) as service:
        await hub.log.consume(MAIL, "parser", service.handle, max_records=20)

asyncio.run(main())
"""


async def test_kill_9_in_the_middle_of_a_load_loses_and_doubles_nothing(hub, reception, settings):
    await put(reception, *(mail(number) for number in range(300)))
    environment = os.environ | {
        "CAUCE_DATABASE_URL": settings.database_url,
        "CAUCE_DATA": str(settings.data),
        "CAUCE_MAIL_ADDRESSES": BOX,
    }

    def start():
        return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment)

    for enough in (30, 120, 200):
        process = start()
        await until(lambda enough=enough: len(handed_on(hub)) >= enough)
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = start()
    await until(lambda: hub_lag(hub) == 0)
    process.terminate()
    process.wait()
    # the log may hold some twice, under the same id: the inbox drops those
    assert {item.subject for item in handed_on(hub)} == {f"s{number}" for number in range(300)}
    assert len({item.id for item in handed_on(hub)}) == 300
