"""The mailbox reader against a real Dovecot."""

from __future__ import annotations

import asyncio
import imaplib
import shutil
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import dovecot as dovecot_server

from channels.email.imap import MailboxReader, envelope_of, read_account
from channels.email.mailboxes import Mailboxes
from schemas.errors import SettingsError


@pytest.fixture
def dovecot():
    folder = Path(tempfile.mkdtemp(prefix="cauce-dovecot-"))  # short: a socket's path has at most 107 bytes
    try:
        with dovecot_server.running(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def account(dovecot):
    password = quote(dovecot_server.PASSWORD, safe="")
    return read_account(f"imap://ana:{password}@127.0.0.1:{dovecot.port}/INBOX")


def client_of(dovecot):
    client = imaplib.IMAP4("127.0.0.1", dovecot.port)
    client.login("ana", dovecot_server.PASSWORD)
    client.select("INBOX")
    return client


def put(dovecot, number, flags="", body="hola"):
    client = client_of(dovecot)
    mail = f"From: bea@x.cu\r\nTo: support@cauce.example\r\nMessage-ID: <{number}@x.cu>\r\n\r\n{body} {number}\r\n"
    client.append("INBOX", flags, None, mail.encode())
    client.logout()


def flags_of(dovecot):
    client = client_of(dovecot)
    _, found = client.fetch("1:*", "(FLAGS)")
    client.logout()
    return [b"\\Seen" in line for line in found if isinstance(line, bytes)]


@asynccontextmanager
async def reading(database, reception, account):
    task = asyncio.create_task(MailboxReader(database, reception, account, poll_seconds=20).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 -- another process changes it
            await asyncio.sleep(0.05)


async def test_what_lies_there_and_what_comes_is_kept_then_seen(database, reception, account, dovecot, kept):
    put(dovecot, 1)
    put(dovecot, 2, flags="\\Seen")  # read elsewhere: a search for UNSEEN would miss it
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 2)
        put(dovecot, 3)  # news by IDLE, long before the next poll
        await until(lambda: len(kept()) == 3, seconds=10)
        await until(lambda: flags_of(dovecot) == [True, True, True])
    assert [mail.raw.rsplit(b"\r\n", 2)[-2] for mail in kept()] == [b"hola 1", b"hola 2", b"hola 3"]
    assert {mail.source for mail in kept()} == {f"imap:imap://ana@127.0.0.1:{dovecot.port}/INBOX"}
    assert {mail.mailbox for mail in kept()} == {"support@cauce.example"}


async def test_a_restart_reads_nothing_again(database, reception, account, dovecot, kept):
    put(dovecot, 1)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 1)
        await until(lambda: flags_of(dovecot) == [True])
    put(dovecot, 2)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 2)
    assert [mail.raw[-8:] for mail in kept()] == [b"hola 1\r\n", b"hola 2\r\n"]


async def test_a_mailbox_made_anew_is_read_anew_with_the_same_ids(database, reception, account, dovecot, kept):
    put(dovecot, 1)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 1)
    dovecot.stop()
    shutil.rmtree(dovecot.folder / "mail" / "ana")
    await asyncio.sleep(1.1)  # UIDVALIDITY is a second
    dovecot.start()
    put(dovecot, 1)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 2)
    first, again = kept()
    assert first.id == again.id


async def test_nothing_is_seen_while_the_log_is_down(database, reception, account, dovecot, kept):
    with database.dedicated() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE log_mail IN ACCESS EXCLUSIVE MODE")
        async with reading(database, reception, account) as task:
            put(dovecot, 1)
            await asyncio.sleep(3.5)
            assert flags_of(dovecot) == [False]
            assert not task.done()
    async with reading(database, reception, account):
        await until(lambda: flags_of(dovecot) == [True])
    assert {mail.raw[-8:] for mail in kept()} == {b"hola 1\r\n"}


async def test_it_connects_again_when_the_server_comes_back(database, reception, account, dovecot, kept):
    async with reading(database, reception, account):
        put(dovecot, 1)
        await until(lambda: len(kept()) == 1)
        await asyncio.to_thread(dovecot.stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(dovecot.start)
        put(dovecot, 2)
        await until(lambda: len(kept()) == 2, seconds=30)


async def test_a_large_mail_comes_whole(database, reception, account, dovecot, kept, blobs):
    put(dovecot, 1, body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 60_000)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 1)
    (mail,) = kept()
    assert len(blobs.get(mail.blob)) == mail.size > 4_000_000


async def test_a_mail_larger_than_the_server_says_stays_there_and_stops_no_other(
    database, reception, account, dovecot, kept, monkeypatch
):
    monkeypatch.setattr("channels.email.reception.MAIL_MAX_BYTES", 1000)
    put(dovecot, 1, body="x" * 2000)
    put(dovecot, 2)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 1)
        await until(lambda: flags_of(dovecot) == [False, True])


@pytest.mark.parametrize("url", ["imap://host/INBOX", "http://a:b@host/", "imap://a:b@host:port/", "nonsense"])
def test_a_wrong_setting_is_named(url):
    with pytest.raises(SettingsError, match="CAUCE_IMAP"):
        read_account(url)


def test_a_password_stands_in_no_name():
    account = read_account("imaps://ana%40x.cu:p%40ss@mail.x.cu/Support%20Box")
    assert (account.user, account.password, account.port, account.folder) == ("ana@x.cu", "p@ss", 993, "Support Box")
    assert "p@ss" not in repr(account)


@pytest.mark.parametrize(
    ("headers", "recipients", "sender"),
    [
        (
            b"To: Ventas <ventas+t@cauce.example>, b@x.cu\r\nReturn-Path: <b@x.cu>",
            ("ventas+t@cauce.example",),
            "b@x.cu",
        ),
        (
            b"Delivered-To: support@cauce.example\r\nTo: ventas@cauce.example\r\nReturn-Path: <>",
            ("support@cauce.example",),
            "",
        ),
        (b"To: somebody@else.example", ("support@cauce.example",), ""),
        (b"", ("support@cauce.example",), ""),
    ],
)
def test_the_envelope_is_found_in_the_headers(headers, recipients, sender):
    boxes = Mailboxes(("support@cauce.example", "ventas@cauce.example"))
    found = envelope_of(headers + b"\r\n\r\nhola", "box", boxes)
    assert (found.recipients, found.sender) == (recipients, sender)
