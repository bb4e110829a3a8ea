"""The mailbox reader against a real Dovecot: everything once, seen or moved only after it is kept."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import dovecot as dovecot_server
from mailbox_reading import QUICK, reading, until

from channels.email.receiving import imap_checkpoints
from channels.email.receiving.imap import Pauses
from channels.email.receiving.imap_account import read_account
from channels.email.receiving.reception import MAIL_MAX_BYTES


@pytest.fixture(scope="module")
def dovecot():
    with dovecot_server.running() as server:
        yield server


@pytest.fixture
def user():
    """Somebody new, whose mailbox is empty."""
    return f"ana-{uuid4().hex[:8]}"


@pytest.fixture
def account(dovecot, user):
    password = quote(dovecot_server.PASSWORD, safe="")
    return read_account(f"imap://{user}:{password}@127.0.0.1:{dovecot.port}/INBOX")


@pytest.fixture
def put(dovecot, user):
    def lay(number, flags="", body="hola", folder="INBOX"):
        head = f"From: bea@x.cu\r\nTo: support@cauce.example\r\nMessage-ID: <{number}@x.cu>\r\n\r\n"
        dovecot.put(user, f"{head}{body} {number}\r\n".encode(), flags, folder)

    return lay


@pytest.fixture
def flags(dovecot, user):
    """Is each mail of the inbox seen?"""

    def read(folder="INBOX"):
        client = dovecot.client(user, readonly=True)
        _, (count,) = client.select(folder, readonly=True)
        _, found = client.fetch("1:*", "(FLAGS)") if int(count) else ("OK", [])
        client.logout()
        return [b"\\Seen" in line for line in found if isinstance(line, bytes)]

    return read


@pytest.fixture
def state(database, account):
    """How the account's mailbox is doing."""

    def read():
        with database.transaction() as connection:
            return next((one for one in imap_checkpoints.states(connection) if one.mailbox == account.name), None)

    return read


@pytest.fixture
def left(database):
    def read():
        with database.transaction() as connection:
            return [(mail.uid, mail.reason) for mail in imap_checkpoints.left(connection)]

    return read


def words(kept):
    return [mail.raw.rsplit(b"\r\n", 2)[-2].decode() for mail in kept()]


async def test_what_lies_there_and_what_comes_is_kept_then_seen(database, reception, account, put, flags, kept, state):
    put(1)
    put(2, flags="\\Seen")  # read elsewhere: a search for UNSEEN would miss it
    async with reading(database, reception, account, replace(QUICK, look=600)):
        await until(lambda: len(kept()) == 2)
        put(3)  # news by IDLE, long before the next look
        await until(lambda: len(kept()) == 3)
        await until(lambda: flags() == [True, True, True])
    assert words(kept) == ["hola 1", "hola 2", "hola 3"]
    assert {mail.source for mail in kept()} == {f"imap:{account.name}"}
    assert {mail.mailbox for mail in kept()} == {"support@cauce.example"}
    assert (state().failing, state().reason) == (False, "")


async def test_a_restart_reads_nothing_again(database, reception, account, put, flags, kept):
    put(1)
    async with reading(database, reception, account):
        await until(lambda: flags() == [True])
    put(2)
    async with reading(database, reception, account):
        await until(lambda: flags() == [True, True])
    assert words(kept) == ["hola 1", "hola 2"]


async def test_a_mailbox_made_anew_is_read_anew_with_the_same_ids(
    database, reception, account, put, dovecot, user, kept
):
    put(1)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 1)
    await until(lambda: gone(dovecot.folder / "mail" / user))
    begun = int(time.time())
    await until(lambda: int(time.time()) > begun)  # UIDVALIDITY is a second
    put(1)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 2)
    first, again = kept()
    assert first.id == again.id


def gone(folder):
    """Taken away, though the server's last process for it may be writing there yet."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


async def test_nothing_is_seen_while_the_log_is_down(database, reception, account, put, flags, kept, state):
    put(1)
    with database.dedicated() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE log_mail IN ACCESS EXCLUSIVE MODE")
        async with reading(database, reception, account) as task:
            await until(lambda: state() is not None and state().failing)
            assert state().reason == "nothing can be kept: LogUnavailableError"
            assert flags() == [False]
            assert not task.done()
    async with reading(database, reception, account):
        await until(lambda: flags() == [True] and not state().failing)
    assert set(words(kept)) == {"hola 1"}


async def test_a_large_mail_comes_whole(database, reception, account, put, kept, blobs):
    put(1, body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 60_000)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 1)
    (mail,) = kept()
    assert len(blobs.get(mail.blob)) == mail.size > 4_000_000


async def test_a_mail_too_large_stays_there_is_told_and_stops_no_other(
    database, reception, account, dovecot, user, put, flags, kept, left, big_mail
):
    dovecot.put(user, big_mail(MAIL_MAX_BYTES + 5000))
    put(2)
    async with reading(database, reception, account):
        await until(lambda: flags() == [False, True])
    assert words(kept) == ["hola 2"]
    assert left() == [(1, imap_checkpoints.Left.TOO_LARGE)]
    client = dovecot.client(user)
    client.store("1", "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()
    async with reading(database, reception, account):
        await until(lambda: not left())  # somebody took it away: nothing more to tell


async def test_a_mail_larger_than_the_server_says_is_left_too(
    database, reception, account, put, flags, left, monkeypatch
):
    monkeypatch.setattr("channels.email.receiving.reception.MAIL_MAX_BYTES", 1000)
    put(1, body="x" * 2000)
    put(2)
    async with reading(database, reception, account):
        await until(lambda: flags() == [False, True])
    assert left() == [(1, imap_checkpoints.Left.TOO_LARGE)]


async def test_folders_and_accounts_are_read_side_by_side(database, reception, account, put, kept, dovecot):
    other = replace(account, user=f"{account.user}-b", folder="Técnico & más")
    put(1)
    head = b"From: c@x.cu\r\nMessage-ID: <c@x.cu>\r\n\r\n"
    dovecot.put(other.user, head + b"hola 2\r\n", folder='"T&AOk-cnico &- m&AOE-s"')
    async with reading(database, reception, account), reading(database, reception, other):
        await until(lambda: len(kept()) == 2)
    assert {mail.source for mail in kept()} == {f"imap:{account.name}", f"imap:{other.name}"}


async def test_a_kept_mail_is_moved_where_the_account_says(
    database, reception, account, put, kept, flags, dovecot, user
):
    put(0, folder="Done")
    put(1)
    async with reading(database, reception, account, move="Done"):
        await until(lambda: flags() == [])
        put(2)
        await until(lambda: len(kept()) == 2)
        await until(lambda: len(flags("Done")) == 3)
    assert words(kept) == ["hola 1", "hola 2"]


async def test_a_folder_to_move_to_that_is_not_there_holds_nothing_up(database, reception, account, put, kept, flags):
    put(1)
    put(2)
    async with reading(database, reception, account, move="Nowhere"):
        await until(lambda: len(kept()) == 2)
    assert flags() == [False, False]


async def test_a_read_only_mailbox_is_read_and_left_as_it_is(
    database, reception, account, put, kept, flags, state, dovecot, user
):
    put(1)
    acl = dovecot.folder / "mail" / user / "dovecot-acl"
    acl.write_text("owner lr\n")
    acl.chmod(0o644)
    async with reading(database, reception, account):
        await until(lambda: state() is not None)
        assert not state().failing
    assert (words(kept), flags()) == (["hola 1"], [False])


async def test_mails_expunged_meanwhile_are_passed_by(database, reception, account, put, kept, dovecot, user, flags):
    """While the first is being kept somebody deletes the next ones, and thousands of others: all their news at once."""
    put(1)
    inbox = dovecot.folder / "mail" / user / "cur"
    for number in range(3000):
        (inbox / f"{number}.x:2,S").write_bytes(b"From: a@x.cu\r\n\r\nx\r\n")
        shutil.chown(inbox / f"{number}.x:2,S", inbox.owner())
    with database.dedicated() as blocker:

        def is_kept_waiting():
            row = blocker.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            return row is not None and row[0] > 0

        with blocker.transaction():
            blocker.execute("LOCK TABLE log_mail IN ACCESS EXCLUSIVE MODE")
            reader = reading(database, reception, account)
            await reader.__aenter__()
            await until(is_kept_waiting)
            client = dovecot.client(user)
            client.store("2:*", "+FLAGS", "\\Deleted")
            client.expunge()
            client.logout()
        put(2)
        await until(lambda: flags() == [True, True])
        await reader.__aexit__(None, None, None)
    assert words(kept) == ["hola 1", "hola 2"]


async def test_a_refused_login_is_said_and_not_hammered(database, reception, account, state, caplog):
    caplog.set_level("DEBUG")
    async with reading(database, reception, account, replace(QUICK, refused=600), password="wr0ng-pass"):
        await until(lambda: state() is not None)
    assert state().failing
    assert "AUTHENTICATIONFAILED" in state().reason
    assert (state().retry_at - state().looked_at).total_seconds() >= 299
    assert "wr0ng-pass" not in caplog.text


async def test_it_goes_on_where_the_server_broke_off(database, reception, account, put, kept, dovecot, state):
    put(1)
    async with reading(database, reception, account):
        await until(lambda: state() is not None)
        await asyncio.to_thread(dovecot.stop)
        await until(lambda: state().failing)  # at once, not after the next look
        await asyncio.to_thread(dovecot.start)
        await until(lambda: not state().failing)
        put(2)
        await until(lambda: len(kept()) == 2)
    assert words(kept) == ["hola 1", "hola 2"]


@pytest.mark.parametrize("starttls", [False, True])
async def test_encrypted_by_either_way_with_an_authority_of_the_setting(
    database, reception, account, put, kept, dovecot, starttls
):
    put(1)
    port = dovecot.port if starttls else dovecot.tls_port
    secure = replace(account, port=port, tls=not starttls, starttls=starttls, ca=str(dovecot.ca))
    async with reading(database, reception, secure):
        await until(lambda: len(kept()) == 1)


async def test_a_certificate_of_nobody_we_know_is_refused(database, reception, account, put, kept, dovecot):
    put(1)
    stranger = replace(account, port=dovecot.tls_port, tls=True)

    def told():
        with database.transaction() as connection:
            return [one.reason for one in imap_checkpoints.states(connection)]

    async with reading(database, reception, stranger):
        await until(told)
    assert "certificate" in told()[0]
    assert kept() == []


async def test_a_server_without_idle_is_asked_every_now_and_then(database, reception, account, kept, user):
    with dovecot_server.running(capability="IMAP4rev1 UIDPLUS") as old:
        head = b"From: c@x.cu\r\nMessage-ID: <c%d@x.cu>\r\n\r\nhola %d\r\n"
        old.put(user, head % (1, 1))
        old.put(user, b"Subject: kept before\r\n\r\nx\r\n", folder="Done")
        asked = replace(account, port=old.port, move="Done")
        async with reading(database, reception, asked, replace(QUICK, look=0.2)):
            await until(lambda: len(kept()) == 1)
            old.put(user, head % (2, 2))
            await until(lambda: len(kept()) == 2)
            await until(lambda: len(old.client(user).search(None, "ALL")[1][0].split()) == 0)  # moved without MOVE
    assert words(kept) == ["hola 1", "hola 2"]


async def test_odd_bytes_come_as_they_are(database, reception, account, dovecot, user, kept):
    odd = [
        b"Subject: x\r\n\r\n)\r\nc1 OK done {12}\r\n* 5 FETCH (UID 9)\r\n",
        b"no headers at all",
        b"From: a@x.cu\r\n\r\n\xff\xfe\r\n" + b"y" * 300_000 + b"\r\n",
    ]
    for content in odd:
        dovecot.put(user, content)
    async with reading(database, reception, account):
        await until(lambda: len(kept()) == 3)
    assert [mail.raw or mail.size for mail in kept()][:2] == odd[:2]
    assert kept()[2].size == len(odd[2])


@pytest.mark.parametrize(
    ("failures", "refused", "seconds"),
    [(1, False, 1), (3, False, 4), (9, False, 60), (10**6, False, 60), (1, True, 60), (9, True, 900)],
)
def test_the_pause_doubles_to_its_last_and_a_refused_login_waits_longer(failures, refused, seconds):
    assert 0.5 * seconds <= Pauses().before(failures, refused=refused) <= 1.5 * seconds
