"""What a rude, slow or hostile client may do at the SMTP door: raw sockets, byte by byte."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from channels.email.receiving.door import Door, Limits
from channels.email.receiving.lmtp import LmtpServer
from channels.email.receiving.smtp import Server
from channels.limits import Rate

SUPPORT = ("support@cauce.example",)
HEAD = b"From: ana@x.cu\r\nMessage-ID: <1@x.cu>\r\n\r\n"
NO_ENDINGS = (
    b"\n.\r\n", b"\r\n.\n", b"\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\r\r\n.\r\r\n", b"\r\n\x00.\r\n",
)  # fmt: skip
SMUGGLED = b"MAIL FROM:<evil@x.cu>\r\nRCPT TO:<support@cauce.example>\r\nDATA\r\nFrom: boss@x.cu\r\n\r\npay\r\n"


async def test_nothing_but_the_standards_end_ends_a_mail(begun, kept):
    client = await begun()
    for number, ending in enumerate(NO_ENDINGS):
        await client.say("MAIL FROM:<ana@x.cu>")
        await client.say("RCPT TO:<support@cauce.example>")
        await client.say("DATA")
        body = HEAD + b"hola" + ending + SMUGGLED
        assert (await client.say(body + b".\r\n")).startswith("250"), ending
        assert (await client.say("NOOP")).startswith("250"), ending  # no answer to what was smuggled came before
        mails = kept()
        assert len(mails) == number + 1, ending
        assert (mails[-1].envelope_from, mails[-1].raw) == ("ana@x.cu", body.replace(b"\r\n.", b"\r\n"))


async def test_one_mail_in_pieces_of_a_byte_is_one_mail(begun, kept):
    client = await begun(to=SUPPORT)
    whole = HEAD + b"..dots\r\n.\r\n"
    for at in range(len(whole)):
        client.writer.write(whole[at : at + 1])
        await client.writer.drain()
    assert (await client.answer()).startswith("250")
    assert [mail.raw for mail in kept()] == [HEAD + b".dots\r\n"]


async def test_mails_of_a_peer_are_bounded_and_it_is_told_when_to_come_again(serve, wire, kept):
    port = await serve(limits=Limits(peer_mails=Rate(burst=2, per_second=0.01)))
    client = await wire(port)
    await client.answer()
    await client.say("EHLO x")
    for _ in range(2):
        assert (await client.say("MAIL FROM:<ana@x.cu>")).startswith("250")
        await client.say("RSET")
    refused = await client.say("MAIL FROM:<ana@x.cu>")
    assert refused.startswith("451 4.7.1")
    assert "try again in 100 seconds" in refused
    assert (await client.say("RCPT TO:<support@cauce.example>")).startswith("503")
    again = await wire(port)  # the peer counts, not the connection
    await again.answer()
    await again.say("EHLO x")
    assert (await again.say("MAIL FROM:<ana@x.cu>")).startswith("451")
    assert kept() == []


async def test_guessing_mailboxes_ends_the_connection(begun):
    client = await begun(limits=Limits(peer_unknown=Rate(burst=2, per_second=0.01)))
    await client.say("MAIL FROM:<ana@x.cu>")
    assert (await client.say("RCPT TO:<a@cauce.example>")).startswith("550")
    assert (await client.say("RCPT TO:<support@cauce.example>")).startswith("250")
    assert (await client.say("RCPT TO:<b@cauce.example>")).startswith("550")
    assert (await client.say("RCPT TO:<c@cauce.example>")).startswith("421 4.7.1")
    assert await asyncio.wait_for(client.reader.read(), 60) == b""


async def test_connections_of_a_peer_are_bounded_at_once_and_in_time(serve, wire):
    port = await serve(limits=Limits(peer_connections=2, peer_connects=Rate(burst=5, per_second=0.01)))
    first, second, third = [await wire(port) for _ in range(3)]
    assert [(await each.answer())[:3] for each in (first, second, third)] == ["220", "220", "421"]
    for each in (first, second):
        assert (await each.say("QUIT")).startswith("221")
        await each.reader.read()
    for _ in range(2):
        client = await wire(port)
        assert (await client.answer()).startswith("220")
        await client.say("QUIT")
    refused = await (await wire(port)).answer()
    assert refused.startswith("421 4.3.2")
    assert "try again in" in refused


async def test_limits_that_are_off_hold_nobody(serve, wire):
    tight = Limits(
        peer_connections=1, peer_connects=Rate(1, 0.01), peer_mails=Rate(1, 0.01), peer_unknown=Rate(1, 0.01)
    )
    port = await serve(limits=tight, rate_limit=False)
    for client in [await wire(port) for _ in range(3)]:
        assert (await client.answer()).startswith("220")
        await client.say("EHLO x")
        assert (await client.say("MAIL FROM:<ana@x.cu>")).startswith("250")
        assert (await client.say("RCPT TO:<a@cauce.example>")).startswith("550")


async def trickle(client):
    while True:
        client.writer.write(b"x")
        await asyncio.sleep(0.05)


async def test_a_trickle_of_data_is_ended(begun, kept):
    client = await begun(to=SUPPORT, limits=Limits(idle_seconds=30, data_seconds=1))
    trickling = asyncio.create_task(trickle(client))
    assert (await client.answer()).startswith("421")
    trickling.cancel()
    assert kept() == []


async def test_a_trickle_of_a_command_is_ended(begun):
    client = await begun(limits=Limits(idle_seconds=1.5))
    trickling = asyncio.create_task(trickle(client))
    assert (await client.answer()).startswith("421")
    trickling.cancel()


async def test_commands_that_bring_no_mail_are_bounded_and_a_mail_begins_anew(begun, kept):
    client = await begun(limits=Limits(answers_in_vain=20))
    for number in range(3):
        for line in ("RSET", "", "x" * 70_000, "MAIL FROM:<ana@x.cu>", "RCPT TO:<support@cauce.example>", "DATA"):
            assert not (await client.say(line)).startswith("421"), line[:10]
        assert (await client.say(HEAD + b"%d\r\n.\r\n" % number)).startswith("250")
    client.writer.write(b"NOOP\r\n" * 30)
    said = await asyncio.wait_for(client.reader.read(), 5)
    assert (said.count(b"250"), said.count(b"\r\n421 4.7.0"), len(kept())) == (19, 1, 3)


async def test_a_mail_of_nothing_but_blank_lines_is_refused_at_once(begun, kept):
    client = await begun(to=SUPPORT)
    client.writer.write(b"\r\n" * 4000)
    assert (await client.answer()).startswith("554 5.6.0")
    assert kept() == []


async def test_a_client_that_never_reads_keeps_no_place(serve, wire):
    port = await serve(limits=Limits(connections=1, idle_seconds=1.5))
    deaf = await wire(port)
    deaf.writer.transport.pause_reading()
    deaf.writer.write(b"HELP\r\n" * 200_000)  # its answers fill every buffer on the way
    async with asyncio.timeout(60):
        while not (await (await wire(port)).answer()).startswith("220"):  # noqa: ASYNC110 -- the server frees it
            await asyncio.sleep(0.1)


async def test_commands_out_of_place_are_answered_and_not_obeyed(serve, wire):
    port = await serve()
    for line, code in (
        ("MAIL FROM:<ana@x.cu>", "503"),  # no greeting yet
        ("RCPT TO:<support@cauce.example>", "503"),
        ("DATA", "503"),
        ("HELO", "501"),
        ("VRFY support", "252"),
        ("VRFY nobody", "252"),
        ("EXPN staff", "252"),
        ("PROXY TCP4 192.0.2.1 192.0.2.2 1 25", "500"),
        ("XCLIENT ADDR=192.0.2.1 LOGIN=admin", "500"),
        ("XFORWARD ADDR=192.0.2.1", "500"),
        ("ETRN cauce.example", "500"),
        ("AUTH PLAIN AGFkbWluAGFkbWlu", "503"),
        ("GET / HTTP/1.1", "500"),
        ("\x00\x01\x02", "500"),
        ("ñandú", "500"),
        ("", "500"),
        ("NOOP " + "x" * 3000, "500"),
    ):
        client = await wire(port)
        await client.answer()
        assert (await client.say(line)).startswith(code), line
        assert (await client.say("EHLO x")).startswith("250"), line


async def test_nobody_signs_in(begun):
    client = await begun()
    client.writer.write(b"EHLO x\r\n")
    assert b"AUTH" not in await client.reader.readuntil(b"250 HELP\r\n")
    assert (await client.say("AUTH PLAIN AGFkbWluAGFkbWlu"))[:1] == "5"


async def test_five_unknown_commands_end_the_connection(begun):
    client = await begun()
    answers = [await client.say("EHLOO x") for _ in range(5)]
    assert [answer[:3] for answer in answers] == ["500"] * 4 + ["502"]
    assert await asyncio.wait_for(client.reader.read(), 60) == b""


async def test_chunking_is_refused_before_its_mail_is_read_as_commands(begun, kept):
    client = await begun()
    client.writer.write(b"EHLO x\r\n")
    assert b"CHUNKING" not in await client.reader.readuntil(b"250 HELP\r\n")
    await client.say("MAIL FROM:<ana@x.cu>")
    await client.say("RCPT TO:<support@cauce.example>")
    assert (await client.say(b"BDAT %d LAST\r\n" % len(SMUGGLED) + SMUGGLED + b".\r\n")).startswith("421")
    assert await asyncio.wait_for(client.reader.read(), 60) == b""
    assert kept() == []


async def test_a_size_is_refused_before_the_data_and_a_body_we_cannot_take_too(begun):
    client = await begun()
    assert (await client.say("MAIL FROM:<ana@x.cu> SIZE=999999999999")).startswith("552")
    assert (await client.say("MAIL FROM:<ana@x.cu> SIZE=big"))[:1] == "5"
    assert (await client.say("MAIL FROM:<ana@x.cu> BODY=BINARYMIME"))[:1] == "5"
    assert (await client.say("MAIL FROM:<ana@x.cu> RET=FULL"))[:1] == "5"
    assert (await client.say("MAIL FROM:<ana@x.cu> SIZE=1000 BODY=8BITMIME SMTPUTF8")).startswith("250")


async def test_more_recipients_than_allowed_are_put_off_and_the_rest_is_taken(begun, kept):
    client = await begun(limits=Limits(recipients=3))
    await client.say("MAIL FROM:<ana@x.cu>")
    answers = [await client.say(f"RCPT TO:<support+{number}@cauce.example>") for number in range(5)]
    assert [answer[:3] for answer in answers] == ["250", "250", "250", "452", "452"]
    await client.say("DATA")
    assert (await client.say(HEAD + b"x\r\n.\r\n")).startswith("250")
    (mail,) = kept()
    assert len(mail.envelope_to) == 3


async def free(door, peer):
    """Is there a place for a large mail of this peer, without waiting?"""

    async def passing():
        async with door.large(peer):
            pass

    passed = asyncio.create_task(passing())
    for _ in range(5):
        await asyncio.sleep(0)  # more turns than it takes who need not wait
    free = passed.done()
    passed.cancel()
    await asyncio.wait([passed])
    return free


@pytest.mark.parametrize(("rate_limit", "at_most"), [(True, 4), (False, 8)])
async def test_a_peer_holds_half_the_places_for_large_mails_unless_limits_are_off(reception, rate_limit, at_most):
    async with AsyncExitStack() as held:
        door = Door(reception, Limits(), rate_limit=rate_limit)
        for _ in range(at_most):
            await held.enter_async_context(door.large("192.0.2.1"))
        assert not await free(door, "192.0.2.1")
        waiting = [asyncio.create_task(held.enter_async_context(door.large("192.0.2.1"))) for _ in range(20)]
        await asyncio.sleep(0)
        assert await free(door, "192.0.2.2") == rate_limit  # nobody waits behind those who wait for their peer's
        for each in waiting:
            each.cancel()
        await asyncio.wait(waiting)
    door = Door(reception, Limits(), rate_limit=rate_limit)
    for _ in range(10):
        async with door.large("192.0.2.1"):
            pass
    assert await free(door, "192.0.2.1")


@asynccontextmanager
async def no_place(reception, wire, limits, kind=Server):
    """A client that has sent a large mail while others hold all places, until it is left."""
    door = Door(reception, limits, rate_limit=kind is Server)
    server = await asyncio.get_running_loop().create_server(
        lambda: kind(door, "mx.cauce.example", None, tls_required=False), "127.0.0.1", 0
    )
    client = await wire(server.sockets[0].getsockname()[1])
    await client.answer()
    for line in ("LHLO x" if kind is LmtpServer else "EHLO x", "MAIL FROM:<ana@x.cu>"):
        await client.say(line)
    await client.say("RCPT TO:<support@cauce.example>")
    await client.say("DATA")
    async with door.large("192.0.2.1"):
        client.writer.write(HEAD + b"palabra\r\n" * 200_000 + b".\r\n")
        yield client
    server.close()


@pytest.mark.parametrize("kind", [Server, LmtpServer])
async def test_who_waits_for_a_place_is_not_idle_and_is_served(reception, wire, kept, kind):
    async with no_place(reception, wire, Limits(large_at_once=1, idle_seconds=1.5), kind) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.answer(), 4)  # idle twice over, and nobody hangs up
    assert (await client.answer()).startswith("250")
    assert len(kept()) == 1


async def test_who_waits_in_vain_is_told_so(reception, wire, kept):
    async with no_place(reception, wire, Limits(large_at_once=1, data_seconds=2)) as client:
        assert (await client.answer()).startswith("421 4.3.2 Too many large mails")
    assert kept() == []
