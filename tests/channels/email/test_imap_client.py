"""What IMAP servers say that Dovecot doesn't: transcripts over a real socket, by the letter of RFC 3501."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from contextlib import asynccontextmanager

import pytest

from channels.email.receiving import imap_session
from channels.email.receiving.imap_account import Account
from channels.email.receiving.imap_client import Client
from channels.email.receiving.imap_responses import LoginRefusedError, MailboxError
from channels.email.receiving.imap_session import Described, NotGivenError, Session
from schemas.errors import TooLargeError
from tests import certificates

CAPABILITIES = b"* CAPABILITY IMAP4rev1\r\n"


@asynccontextmanager
async def server(answers, greeting=b"* OK hello\r\n", said=None):
    """Says the answers in turn, each to a line of the client; `TAG` is its last command's. None: hangs up.

    Yields its port. `said`: the client's lines.
    """

    async def serve(reader, writer):
        writer.write(greeting)
        tag = b""
        for answer in answers:
            line = await reader.readline()
            if said is not None:
                said.append(line)
            if answer is None:
                writer.close()
                return
            if re.match(rb"[A-P]+\d+ ", line):
                tag = line.partition(b" ")[0]
            writer.write(answer.replace(b"TAG", tag))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


LOGIN = (CAPABILITIES + b"TAG OK done\r\n", b"TAG OK in\r\n", CAPABILITIES + b"TAG OK done\r\n")
SELECTED = b"* OK [UIDVALIDITY 1]\r\nTAG OK\r\n"


@asynccontextmanager
async def session(*answers):
    async with server([*LOGIN, SELECTED, *answers]) as port:
        account = Account(host="127.0.0.1", port=port, user="ana", folder="INBOX", tls=False, password="x")
        async with Session(account, None) as found:
            await found.select()
            yield found


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (b"* 1 FETCH (UID 7 BODY[] {3}\r\na)b)\r\nTAG OK done\r\n", b"a)b"),
        (b"* 1 FETCH (BODY[] {3}\r\nabc UID 7)\r\nTAG OK done\r\n", b"abc"),  # in another order
        (b'* 1 FETCH (UID 7 BODY[] "a \\"b\\" \\\\c")\r\nTAG OK done\r\n', b'a "b" \\c'),  # a short one, quoted
        (b'* 1 FETCH (BODY[] "* a (b" UID 7)\r\nTAG OK done\r\n', b"* a (b"),  # with what has a meaning elsewhere
        (b"* 1 FETCH (UID 7 BODY[] {0}\r\n)\r\nTAG OK done\r\n", b""),
        (b"* 9 FETCH (FLAGS (\\Seen) UID 5)\r\n* 1 FETCH (UID 7 BODY[] {1}\r\nx)\r\n* 3 EXPUNGE\r\nTAG OK\r\n", b"x"),
        (b"* 1 fetch (uid 7 body[] {5}\r\n\x00\xff\r\nz)\r\nTAG ok done\r\n", b"\x00\xff\r\nz"),
    ],
)
async def test_a_mail_is_found_in_every_lawful_answer(answer, content):
    async with session(answer) as found:
        assert await found.fetch(7) == content


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 7 BODY[] NIL)\r\nTAG OK done\r\n",
        b"TAG OK nothing\r\n",
        b"* 1 FETCH (UID 8 BODY[] {1}\r\nx)\r\nTAG OK done\r\n",
    ],
)
async def test_a_mail_that_is_not_given_is_not_an_empty_one(answer):
    async with session(answer) as found:
        with pytest.raises(NotGivenError):
            await found.fetch(7)


async def test_a_mail_that_is_refused_twice_is_not_given():
    refused = b"TAG NO [SERVERBUG] cannot read it\r\n"
    async with session(refused, b"TAG OK\r\n", refused) as found:
        with pytest.raises(NotGivenError, match="cannot read it"):
            await found.fetch(7)


async def test_a_literal_over_the_limit_is_read_past_and_the_connection_goes_on(monkeypatch):
    monkeypatch.setattr(imap_session, "MAIL_MAX_BYTES", 1000)
    big = b"* 1 FETCH (UID 7 BODY[] {200000}\r\n" + b"x" * 200_000 + b")\r\nTAG OK done\r\n"
    async with session(big, b"* SEARCH 9\r\nTAG OK done\r\n") as found:
        with pytest.raises(TooLargeError):
            await found.fetch(7)
        assert await found.uids_after(8) == [9]


async def test_a_search_that_finds_half_a_million_is_read():
    line = b"* SEARCH " + b" ".join(b"%d" % number for number in range(1, 500_001)) + b"\r\n"
    async with session(line + b"TAG OK done\r\n") as found:
        assert len(await found.uids_after(0)) == 500_000


async def test_a_date_from_nowhere_is_no_date():
    answer = b'* 1 FETCH (UID 7 RFC822.SIZE 5 INTERNALDATE "99-Foo-0000 25:61:00 +0000")\r\nTAG OK\r\n'
    async with session(answer) as found:
        assert await found.describe([7, 8]) == {7: Described(5, None)}


async def test_a_refusal_because_one_has_just_gone_is_asked_again():
    refused, given = b"TAG NO [EXPUNGEISSUED] gone\r\n", b"* 1 FETCH (UID 8 RFC822.SIZE 5)\r\nTAG OK\r\n"
    async with session(refused, b"* 1 EXPUNGE\r\nTAG OK\r\n", given) as found:
        assert await found.describe([7, 8]) == {8: Described(5, None)}


@pytest.mark.parametrize("greeting", [b"* BYE too many\r\n", b"SSH-2.0-OpenSSH_9\r\n"])
async def test_a_greeting_that_is_none_is_said(greeting):
    async with server([], greeting) as port:
        with pytest.raises(MailboxError, match=re.escape(greeting.decode().strip())):
            await Client.connect("127.0.0.1", port, None, seconds=60, literal_max_bytes=10)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"TAG NO [AUTHENTICATIONFAILED] no\r\n", LoginRefusedError),
        (b"TAG NO [UNAVAILABLE] the directory is down\r\n", MailboxError),  # not the password's fault
    ],
)
async def test_a_refused_login_is_told_from_a_server_in_trouble(answer, kind):
    async with server([LOGIN[0], answer]) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=60, literal_max_bytes=10)
        with pytest.raises(MailboxError) as caught:
            await client.sign_in("ana", "x")
        assert type(caught.value) is kind


async def test_no_password_goes_in_the_clear_where_the_server_forbids_it():
    async with server([b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK\r\n"]) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=60, literal_max_bytes=10)
        with pytest.raises(LoginRefusedError):
            await client.sign_in("ana", "x")


async def test_starttls_that_is_not_there_is_not_done_without():
    async with server([LOGIN[0]]) as port:
        account = Account(host="127.0.0.1", port=port, user="ana", folder="INBOX", tls=False, starttls=True)
        with pytest.raises(MailboxError, match="STARTTLS"):
            await Session(account, None).__aenter__()


async def test_starttls_believes_nothing_that_was_said_in_the_clear(tmp_path):
    """Somebody on the way adds to the answer: whole lines, and the beginning of one that would swallow the next."""
    certificates.make(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    async def serve(reader, writer):
        async def answer(text):
            line = await reader.readline()
            writer.write(text.replace(b"TAG", line.partition(b" ")[0]))

        writer.write(b"* OK hello\r\n")
        await answer(b"* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK done\r\n")
        await answer(b"TAG OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\n* CAPABILITY AUTH=EVIL {9}")
        await writer.start_tls(context)
        await answer(b"* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK done\r\n")

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = await Client.connect("127.0.0.1", port, None, seconds=60, literal_max_bytes=10)
    await client.start_tls(ssl.create_default_context(cafile=tmp_path / "ca.pem"))
    listening.close()
    assert client.protocol.capabilities == {"IMAP4REV1", "IDLE"}


async def test_a_token_goes_when_the_server_is_ready_and_its_refusal_is_heard():
    """Which is explained first (RFC 7628 §3.2.3), and said after an empty line. Nothing of it is in any log."""
    xoauth2 = b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\nTAG OK done\r\n"
    answers = (xoauth2, b"+ \r\n", b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n", b"TAG NO [AUTHENTICATIONFAILED] no\r\n")
    said = []
    async with server(answers, said=said) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=60, literal_max_bytes=10)
        with pytest.raises(LoginRefusedError):
            await client.sign_in_by_token("ana", "t0ken")
    assert [line.split()[1:] for line in said[1:2]] == [[b"AUTHENTICATE", b"XOAUTH2"]]
    assert said[2:] == [base64.b64encode(b"user=ana\1auth=Bearer t0ken\1\1") + b"\r\n", b"\r\n"]


async def test_what_the_library_sends_and_receives_is_in_no_log(caplog):
    caplog.set_level("DEBUG")
    async with session(b"* 1 FETCH (UID 7 BODY[] {3}\r\nabc)\r\nTAG OK done\r\n") as found:
        await found.fetch(7)
    assert [record for record in caplog.records if record.name.startswith("aioimaplib")] == []


async def test_what_is_pending_ends_with_the_connection():
    async with server([LOGIN[0], None]) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=60, literal_max_bytes=10)
        with pytest.raises((EOFError, ConnectionError)):
            await client.noop()
        with pytest.raises((EOFError, ConnectionError)):
            await client.noop()


async def test_a_server_that_says_nothing_more_is_given_up():
    async with server([LOGIN[0]]) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=1, literal_max_bytes=10)
        with pytest.raises(TimeoutError):
            await client.noop()


async def test_a_password_in_any_letters_goes_as_a_literal():
    said = []
    async with server([LOGIN[0], b"+ go on\r\n", b"TAG OK in\r\n", LOGIN[0]], said=said) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=60, literal_max_bytes=10)
        await client.sign_in('a"na', "contraseña")
    assert said[1].endswith(b' LOGIN "a\\"na" {11}\r\n')
    assert said[2] == "contraseña\r\n".encode()
