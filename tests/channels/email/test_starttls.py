"""STARTTLS (RFC 3207) with a certificate of a setting: offered, required, renewed while it runs, injected into."""

from __future__ import annotations

import asyncio
import smtplib
import ssl

import pytest

from channels.email.receiving.certificate import Certificate, CertificateFiles
from schemas.errors import SettingsError
from tests import certificates

PLAIN = b"From: ana@x.cu\r\nTo: support@cauce.example\r\nMessage-ID: <1@x.cu>\r\n\r\nhola\r\n"


@pytest.fixture
def files(tmp_path):
    return certificates.make(tmp_path / "tls")


@pytest.fixture
def certificate(files):
    return Certificate(CertificateFiles(files.certificate, files.key))


def serial(port, authority) -> int:
    """Of the certificate shown after STARTTLS, which must be good."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.starttls(context=ssl.create_default_context(cafile=authority))
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert "starttls" not in client.esmtp_features
        client.sendmail("ana@x.cu", ["support@cauce.example"], PLAIN)
        return int(client.sock.getpeercert()["serialNumber"], 16)


@pytest.mark.parametrize("lmtp", [False, True])
async def test_it_is_offered_and_taken(begun, certificate, lmtp):
    client = await begun(certificate=certificate, lmtp=lmtp)
    client.writer.write(b"LHLO x\r\n" if lmtp else b"EHLO x\r\n")
    told = await client.reader.readuntil(b"250 HELP\r\n")
    assert b"250-STARTTLS\r\n" in told
    assert (await client.say("STARTTLS")).startswith("220")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    await client.writer.start_tls(context)
    assert (await client.say("MAIL FROM:<ana@x.cu>")).startswith("503")  # what was said in the clear is forgotten
    assert (await client.say("LHLO x" if lmtp else "EHLO x")).startswith("250")
    assert (await client.say("MAIL FROM:<ana@x.cu>")).startswith("250")


async def test_without_a_certificate_it_is_not(begun):
    client = await begun()
    client.writer.write(b"EHLO x\r\n")
    assert b"STARTTLS" not in await client.reader.readuntil(b"250 HELP\r\n")
    assert (await client.say("STARTTLS"))[:1] in "45"


async def test_where_it_is_required_there_is_no_mail_without(begun, certificate, kept):
    client = await begun(certificate=certificate, tls_required=True)
    assert (await client.say("MAIL FROM:<ana@x.cu>")).startswith("530")
    assert (await client.say("HELO x")).startswith("530")
    assert (await client.say("NOOP")).startswith("250")
    assert kept() == []


async def test_a_renewed_certificate_is_shown_without_a_restart(serve, files, tmp_path, kept):
    port = await serve(certificate=Certificate(CertificateFiles(files.server, files.server)))
    first = await asyncio.to_thread(serial, port, files.authority)
    newer = certificates.make(tmp_path / "newer")
    await asyncio.to_thread(files.server.write_bytes, b"half of i")  # in the middle of being replaced: what was stays
    assert await asyncio.to_thread(serial, port, files.authority) == first
    newer.server.replace(files.server)
    assert await asyncio.to_thread(serial, port, newer.authority) != first
    assert len(kept()) == 3


async def test_what_was_said_before_the_handshake_is_not_obeyed_after_it(begun, certificate, kept):
    client = await begun(certificate=certificate)
    # RFC 3207 §4.2: a man in the middle adds commands to the clear part
    client.writer.write(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@x.cu>\r\n")
    assert (await client.answer()).startswith("220")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    await client.writer.start_tls(context)
    assert (await client.say("RCPT TO:<support@cauce.example>")).startswith("503")
    assert kept() == []


async def test_a_handshake_that_fails_leaves_its_place_to_others(begun, serve, certificate, wire):
    port = await serve(certificate=certificate)
    for _ in range(3):
        client = await wire(port)
        await client.answer()
        await client.say("EHLO x")
        await client.say("STARTTLS")
        client.writer.write(b"this is no handshake\r\n" * 10)
        await client.reader.read()
    assert (await (await wire(port)).answer()).startswith("220")


@pytest.mark.parametrize("content", [None, b"not a certificate"])
def test_files_that_are_no_good_stop_the_start(tmp_path, content):
    file = tmp_path / "mx.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="CAUCE_SMTP_CERTIFICATE"):
        Certificate(CertificateFiles(file, file))
