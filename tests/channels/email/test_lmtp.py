"""LMTP by raw lines: an answer for each recipient after the data (RFC 2033)."""

from __future__ import annotations

from channels.email.receiving.reception import MAIL_MAX_BYTES, Reception

PLAIN = b"From: ana@x.cu\r\nTo: support@cauce.example\r\nMessage-ID: <1@x.cu>\r\nSubject: Hola\r\n\r\nNo funciona.\r\n"
BOTH = ("support@cauce.example", "ventas@cauce.example")


async def test_one_is_refused_and_the_others_get_an_answer_each_with_their_own_id(begun, kept):
    client = await begun(lmtp=True)
    assert (await client.say("EHLO x")).startswith("500")
    await client.say("MAIL FROM:<ana@x.cu>")
    assert (await client.say("RCPT TO:<support@cauce.example>")).startswith("250")
    assert (await client.say("RCPT TO:<nobody@cauce.example>")).startswith("550")
    assert (await client.say("RCPT TO:<ventas@cauce.example>")).startswith("250")
    assert (await client.say("RCPT TO:<support+x@cauce.example>")).startswith("250")
    await client.say("DATA")
    answers = [await client.say(PLAIN + b".\r\n"), await client.answer(), await client.answer()]
    assert (await client.say("NOOP")).startswith("250")
    support, ventas = kept()
    assert [answer.split()[-1] for answer in answers] == [str(support.id), str(ventas.id), str(support.id)]
    assert [(mail.source, mail.mailbox, mail.envelope_to) for mail in kept()] == [
        ("lmtp", "support@cauce.example", ("support@cauce.example", "support+x@cauce.example")),
        ("lmtp", "ventas@cauce.example", ("ventas@cauce.example",)),
    ]


async def test_a_mail_over_the_limit_is_552_for_each(begun, kept, big_mail):
    client = await begun(lmtp=True, to=BOTH)
    answers = [await client.say(big_mail(MAIL_MAX_BYTES + 5000) + b"\r\n.\r\n"), await client.answer()]
    assert [answer[:9] for answer in answers] == ["552 5.3.4"] * 2
    assert (await client.say("NOOP")).startswith("250")
    assert kept() == []


async def test_a_log_that_is_away_is_451_for_each(begun, database):
    client = await begun(lmtp=True, to=BOTH)
    with database.dedicated() as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE log_mail IN ACCESS EXCLUSIVE MODE")
        answers = [await client.say(PLAIN + b".\r\n"), await client.answer()]
    assert [answer[:3] for answer in answers] == ["451", "451"]


async def test_a_recipient_that_is_no_text_is_refused_alone(begun, kept):
    client = await begun(lmtp=True)
    await client.say("MAIL FROM:<ana@x.cu>")
    client.writer.write(b"RCPT TO:<support+\xff@cauce.example>\r\n")
    assert (await client.answer()).startswith("553")
    await client.say("RCPT TO:<support+\u00f1@cauce.example>")
    await client.say("DATA")
    assert (await client.say(PLAIN + b".\r\n")).startswith("250")
    assert [mail.envelope_to for mail in kept()] == [("support+\u00f1@cauce.example",)]


async def test_what_nobody_foresaw_ends_the_connection_whoever_waits_for_more_answers(begun, monkeypatch):
    client = await begun(lmtp=True, to=BOTH)
    monkeypatch.delattr(Reception, "accept")
    assert (await client.say(PLAIN + b".\r\n")).startswith("421")
    assert await client.reader.read() == b""
