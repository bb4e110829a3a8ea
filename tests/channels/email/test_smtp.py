"""The SMTP and LMTP doors, by real clients over real sockets into a real log."""

from __future__ import annotations

import asyncio
import shutil
import smtplib
import time

import aiosmtplib
import pytest

from channels.email.receiving.data_phase import TooMuchDataError, read_data
from channels.email.receiving.door import Limits
from channels.email.receiving.reception import MAIL_MAX_BYTES, Reception
from eventstore.postgres import PostgresLog

PLAIN = b"From: ana@x.cu\r\nTo: support@cauce.example\r\nMessage-ID: <1@x.cu>\r\nSubject: Hola\r\n\r\nNo funciona.\r\n"


async def send(port, content=PLAIN, sender="ana@x.cu", to=("support@cauce.example",)):
    def session():
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.sendmail(sender, list(to), content)

    await asyncio.to_thread(session)


async def test_a_mail_is_in_the_log_when_250_is_said(serve, kept):
    await send(await serve())
    (mail,) = kept()
    assert (mail.source, mail.mailbox, mail.envelope_from, mail.envelope_to, mail.raw, mail.blob, mail.size) == (
        "smtp",
        "support@cauce.example",
        "ana@x.cu",
        ("support@cauce.example",),
        PLAIN,
        "",
        len(PLAIN),
    )


async def test_a_retried_mail_has_the_same_id(serve, kept):
    port = await serve()
    await send(port)
    await send(port, b"Received: by another way\r\n" + PLAIN)
    first, second = kept()
    assert first.id == second.id


async def test_equal_words_of_different_people_without_message_id_stay_apart(serve, kept):
    port = await serve()
    await send(port, b"From: ana@x.cu\r\nSubject: a\r\n\r\nGracias\r\n")
    await send(port, b"From: bea@x.cu\r\nSubject: a\r\n\r\nGracias\r\n", sender="bea@x.cu")
    first, second = kept()
    assert first.id != second.id


async def test_a_mail_to_two_of_our_mailboxes_is_one_for_each(serve, kept):
    to = ("support@cauce.example", "Ventas+abc@CAUCE.example", "support+x@cauce.example")
    await send(await serve(), to=to)
    assert sorted((mail.mailbox, mail.envelope_to) for mail in kept()) == [
        ("support@cauce.example", ("support@cauce.example", "support+x@cauce.example")),
        ("ventas@cauce.example", ("Ventas+abc@CAUCE.example",)),
    ]
    assert len({mail.id for mail in kept()}) == 2


async def test_strangers_mailboxes_are_refused(serve, kept, wire):
    client = await wire(await serve())
    await client.answer()
    await client.say("EHLO x")
    await client.say("MAIL FROM:<ana@x.cu>")
    assert (await client.say("RCPT TO:<nobody@cauce.example>")).startswith("550")
    assert (await client.say("RCPT TO:<support@elsewhere.example>")).startswith("550")
    assert (await client.say("DATA")).startswith("503")
    assert kept() == []


async def test_a_large_mail_goes_to_the_blob_store_whole(serve, kept, blobs, big_mail):
    content = big_mail(25 * 1024 * 1024)
    await send(await serve(), content)
    (mail,) = kept()
    assert mail.raw == b""
    assert blobs.get(mail.blob) == content


async def test_sizes_are_announced_and_held(serve, kept, wire):
    port = await serve()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        await client.ehlo()
        assert client.esmtp_extensions["size"] == str(MAIL_MAX_BYTES)
        assert {"pipelining", "8bitmime", "smtputf8"} <= set(client.esmtp_extensions)
        with pytest.raises(aiosmtplib.SMTPSenderRefused, match="552"):
            await client.mail("ana@x.cu", options=[f"SIZE={MAIL_MAX_BYTES + 1}"])
    assert kept() == []


async def test_a_30_mb_mail_gets_552_and_the_connection_goes_on(serve, kept, big_mail):
    port = await serve()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=60) as client:
        await client.mail("ana@x.cu")
        await client.rcpt("support@cauce.example")
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await client.data(big_mail(30 * 1024 * 1024))
        assert refused.value.code == 552
        await client.sendmail("ana@x.cu", ["support@cauce.example"], PLAIN)
    assert [mail.raw for mail in kept()] == [PLAIN]


async def test_binary_garbage_is_answered_and_the_server_lives(serve, kept, wire):
    port = await serve()
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 500,
        b"\x00\xff\r\n" * 50,
        b"A" * 1_000_000 + b"\n",
    ):
        client = await wire(port)
        await client.answer()
        client.writer.write(garbage + b"\r\n")
        assert (await client.answer()).startswith("500")
        client.writer.close()
    await send(port)
    assert len(kept()) == 1


async def test_a_mail_without_headers_and_an_empty_one_are_kept(serve, kept):
    port = await serve()
    await send(port, b"just words\r\n")
    await send(port, b"")
    assert [mail.raw.strip() for mail in kept()] == [b"just words", b""]


async def test_lines_of_any_length_and_any_bytes_arrive_as_sent(serve, kept, wire):
    body = b"\xff\xfe" + b"x" * 200_000 + b"\r\n.\xf1\r\n..\r\nend\r\n"
    content = b"From: ana@x.cu\r\nMessage-ID: <2@x.cu>\r\n\r\n" + body
    port = await serve()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        await client.sendmail("ana@x.cu", ["support@cauce.example"], content)
    assert kept()[0].size == len(content)


async def test_a_pipelining_client_gets_every_answer_in_order(serve, kept, wire):
    client = await wire(await serve())
    await client.answer()
    transaction = b"MAIL FROM:<ana@x.cu>\r\nRCPT TO:<support@cauce.example>\r\nDATA\r\n"
    client.writer.write(b"EHLO x\r\n" + transaction)
    answers = [await client.answer() for _ in range(4)]
    client.writer.write(PLAIN + b".\r\n" + transaction)
    answers += [await client.answer() for _ in range(4)]
    client.writer.write(b"second\r\n.\r\nQUIT\r\n")
    answers += [await client.answer() for _ in range(2)]
    assert [answer[:3] for answer in answers] == ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert [mail.raw for mail in kept()] == [PLAIN, b"second\r\n"]


async def test_utf8_addresses_and_a_bounce_from_nobody_are_taken(serve, kept, wire):
    port = await serve()
    client = await wire(port)
    await client.answer()
    await client.say("EHLO x")
    assert (await client.say("MAIL FROM:<ñandú@correo.cu> SMTPUTF8 BODY=8BITMIME")).startswith("250")
    await client.say("RCPT TO:<support@cauce.example>")
    await client.say("DATA")
    assert (await client.say(PLAIN + b".\r\n")).startswith("250")
    await send(port, b"From: MAILER-DAEMON@x.cu\r\n\r\nfailed\r\n", sender="")
    assert [mail.envelope_from for mail in kept()] == ["ñandú@correo.cu", ""]


async def test_451_within_5_seconds_while_the_log_is_locked(serve, database, wire, kept):
    client = await wire(await serve())
    await client.answer()
    await client.say("EHLO x")
    with database.dedicated() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE log_mail IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        await client.say("MAIL FROM:<ana@x.cu>")
        await client.say("RCPT TO:<support@cauce.example>")
        await client.say("DATA")
        assert (await client.say(PLAIN + b".\r\n")).startswith("451")
        assert time.monotonic() - began < 5.5
    await client.say("MAIL FROM:<ana@x.cu>")
    await client.say("RCPT TO:<support@cauce.example>")
    await client.say("DATA")
    assert (await client.say(PLAIN + b".\r\n")).startswith("250")
    assert {mail.raw for mail in kept()} == {PLAIN}


async def test_451_while_the_blob_store_is_gone(serve, blobs, tmp_path, big_mail):
    port = await serve()
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await send(port, big_mail(200_000))
    assert refused.value.smtp_code == 451
    (tmp_path / "blobs").unlink()
    await send(port, big_mail(200_000))
    shutil.rmtree(tmp_path / "blobs")


async def test_connections_are_bounded_and_idle_ones_end(serve, wire):
    port = await serve(limits=Limits(connections=2, idle_seconds=1.5))
    first, second, third = [await wire(port) for _ in range(3)]
    assert (await first.answer()).startswith("220")
    assert (await second.answer()).startswith("220")
    assert (await third.answer()).startswith("421")
    for each in (first, second):
        assert (await each.answer()).startswith("421")
        assert await asyncio.wait_for(each.reader.read(), 60) == b""
    assert (await (await wire(port)).answer()).startswith("220")


async def test_a_sender_who_hangs_up_in_the_middle_leaves_nothing(serve, wire, kept):
    port = await serve()
    client = await wire(port)
    await client.answer()
    await client.say("EHLO x")
    await client.say("MAIL FROM:<ana@x.cu>")
    await client.say("RCPT TO:<support@cauce.example>")
    await client.say("DATA")
    client.writer.write(PLAIN)
    await client.writer.drain()
    client.writer.close()
    await send(port, b"whole\r\n")
    assert [mail.raw for mail in kept()] == [b"whole\r\n"]


@pytest.mark.parametrize(
    ("sent", "meant", "rest"),
    [
        (b".\r\nQUIT", b"", b"QUIT"),
        (b"\r\n.\r\nQUIT", b"\r\n", b"QUIT"),
        (b"a\r\n.\r\n", b"a\r\n", b""),
        (b"ab\r\n.\r\n", b"ab\r\n", b""),
        (b"..\r\n.\r\n", b".\r\n", b""),
        (b"..a\r\n...\r\n.\r\nX", b".a\r\n..\r\n", b"X"),
        (b"\r\n\r\n..\r\n.\r\n", b"\r\n\r\n.\r\n", b""),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n", b""),  # a bare LF ends nothing: no smuggling
        (b"x" * 5000 + b"\r\n.\r\nY", b"x" * 5000 + b"\r\n", b"Y"),
    ],
)
@pytest.mark.parametrize("piece", [1, 3, 7, 10_000])
async def test_the_data_ends_where_the_standard_says(sent, meant, rest, piece):
    reader = asyncio.StreamReader(limit=64)
    reading = asyncio.create_task(read_data(reader, 10_000, asyncio.Semaphore(1), lambda: None))
    for at in range(0, len(sent), piece):
        reader.feed_data(sent[at : at + piece])
        await asyncio.sleep(0)
    reader.feed_eof()
    assert await reading == meant
    assert await reader.read() == rest


async def test_too_much_is_read_to_its_end():
    reader = asyncio.StreamReader(limit=64)
    reader.feed_data(b"x" * 1000 + b"\r\n.\r\nNOOP")
    with pytest.raises(TooMuchDataError):
        await read_data(reader, 100, asyncio.Semaphore(1), lambda: None)
    reader.feed_eof()
    assert await reader.read() == b"NOOP"


async def test_a_log_that_never_answers_is_given_up_in_time(database, blobs, mailboxes, serve, wire):
    class Stuck(PostgresLog):
        async def append(self, *_):
            await asyncio.Event().wait()

    stuck = Stuck(database)
    port = await serve(of=Reception(stuck, blobs, mailboxes, b"s" * 32))
    began = time.monotonic()
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await send(port)
    await stuck.close()
    assert refused.value.smtp_code == 451
    assert time.monotonic() - began < 6
