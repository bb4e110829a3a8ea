"""What IMAP servers say that Dovecot doesn't: transcripts over a real socket, by the letter of RFC 3501."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager

import pytest

from channels.email import imap_session
from channels.email.imap_account import Account
from channels.email.imap_client import Client, LoginRefusedError, MailboxError
from channels.email.imap_session import Described, NotGivenError, Session
from schemas.errors import TooLargeError

CAPABILITIES = b"* CAPABILITY IMAP4rev1\r\n"


@asynccontextmanager
async def server(answers, greeting=b"* OK hello\r\n"):
    """Says the answers in turn, each to a line of the client; `TAG` is that line's. Yields its port."""

    async def serve(reader, writer):
        writer.write(greeting)
        for answer in answers:
            line = await reader.readline()
            writer.write(answer.replace(b"TAG", line.partition(b" ")[0]))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


LOGIN = (CAPABILITIES + b"TAG OK done\r\n", b"TAG OK in\r\n", CAPABILITIES + b"TAG OK done\r\n")


@asynccontextmanager
async def session(*answers):
    async with server([*LOGIN, *answers]) as port:
        account = Account(host="127.0.0.1", port=port, user="ana", folder="INBOX", tls=False, password="x")
        async with Session(account, None) as found:
            yield found


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (b"* 1 FETCH (UID 7 BODY[] {3}\r\na)b)\r\nTAG OK done\r\n", b"a)b"),
        (b"* 1 FETCH (BODY[] {3}\r\nabc UID 7)\r\nTAG OK done\r\n", b"abc"),  # in another order
        (b'* 1 FETCH (UID 7 BODY[] "a \\"b\\" \\\\c")\r\nTAG OK done\r\n', b'a "b" \\c'),  # a short one, quoted
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
            await Client.connect("127.0.0.1", port, None, seconds=5, literal_max_bytes=10)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"TAG NO [AUTHENTICATIONFAILED] no\r\n", LoginRefusedError),
        (b"TAG NO [UNAVAILABLE] the directory is down\r\n", MailboxError),  # not the password's fault
    ],
)
async def test_a_refused_login_is_told_from_a_server_in_trouble(answer, kind):
    async with server([LOGIN[0], answer]) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=5, literal_max_bytes=10)
        with pytest.raises(MailboxError) as caught:
            await client.login("ana", "x")
        assert type(caught.value) is kind


async def test_no_password_goes_in_the_clear_where_the_server_forbids_it():
    async with server([b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK\r\n"]) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=5, literal_max_bytes=10)
        with pytest.raises(LoginRefusedError):
            await client.login("ana", "x")


async def test_starttls_that_is_not_there_is_not_done_without():
    async with server([LOGIN[0]]) as port:
        account = Account(host="127.0.0.1", port=port, user="ana", folder="INBOX", tls=False, starttls=True)
        with pytest.raises(MailboxError, match="STARTTLS"):
            await Session(account, None).__aenter__()


async def test_a_server_that_says_nothing_more_is_given_up():
    async with server([LOGIN[0]]) as port:
        client = await Client.connect("127.0.0.1", port, None, seconds=0.2, literal_max_bytes=10)
        with pytest.raises(TimeoutError):
            await client.ask("NOOP")


async def test_a_password_in_any_letters_goes_as_a_literal():
    said = []

    async def serve(reader, writer):
        writer.write(b"* OK hello\r\n")
        for answer in (LOGIN[0], b"+ go on\r\n", b"TAG OK in\r\n", LOGIN[0]):
            said.append(await reader.readline())
            tag = said[-1].split()[0] if b" " in said[-1] else said[-2].split()[0]
            writer.write(answer.replace(b"TAG", tag))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = await Client.connect("127.0.0.1", port, None, seconds=5, literal_max_bytes=10)
    await client.login('a"na', "contraseña")
    listening.close()
    assert said[1].endswith(b' LOGIN "a\\"na" {11}\r\n')
    assert said[2] == "contraseña\r\n".encode()
