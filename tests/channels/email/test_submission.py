"""Mail leaves encrypted where its setting says so, to a server that can prove who it is, and never in the clear."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from channels.email.sending.submission import Fate, Server, Submission, read_server
from schemas.errors import SettingsError
from tests import certificates
from tests.certificates import Certificates

MAIL = b"From: support@cauce.example\r\nTo: ana@x.example\r\nSubject: s\r\n\r\nhola\r\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


class Remote:
    """A mail server that asks for a name, and keeps how each mail came."""

    def __init__(self) -> None:
        self.mails: list[tuple[bytes, bool]] = []

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802 -- aiosmtpd's name
        self.mails.append((envelope.content, server.transport.get_extra_info("ssl_object") is not None))
        return "250 taken"


@asynccontextmanager
async def listening(remote: Remote, made: Certificates, *, kind: str) -> AsyncIterator[int]:
    """A server that offers STARTTLS and asks for a name, one that is encrypted from the start, or a plain one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)

    def sign_in(_server, _session, _envelope, _mechanism, given) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"cauce", b"p@ss"))

    asks = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": sign_in}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(remote, **(asks if kind == "starttls" else {})),
        "127.0.0.1",
        0,
        ssl=context if kind == "smtps" else None,
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def send(url: str, seconds: float = 60) -> Fate:
    return (
        await Submission(read_server(url), seconds=seconds).send("support@cauce.example", "ana@x.example", MAIL)
    ).fate


async def test_starttls_with_a_name_delivers_encrypted(made):
    remote = Remote()
    async with listening(remote, made, kind="starttls") as port:
        assert await send(f"smtp://cauce:p%40ss@127.0.0.1:{port}/?starttls&ca={made.authority}") is Fate.SENT
    assert remote.mails == [(MAIL, True)]


async def test_smtps_delivers_encrypted(made):
    remote = Remote()
    async with listening(remote, made, kind="smtps") as port:
        assert await send(f"smtps://127.0.0.1:{port}/?ca={made.authority}") is Fate.SENT
    assert remote.mails == [(MAIL, True)]


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("starttls", "smtp://cauce:p%40ss@127.0.0.1:{port}/?starttls"),  # signed by nobody the system knows
        ("starttls", "smtp://cauce:wrong@127.0.0.1:{port}/?starttls&ca={ca}"),
        ("smtps", "smtps://127.0.0.1:{port}"),
        ("smtps", "smtp://127.0.0.1:{port}"),
    ],
)
async def test_without_trust_or_a_name_the_mail_waits_and_nothing_of_it_was_sent(made, kind, url):
    remote = Remote()
    async with listening(remote, made, kind=kind) as port:
        assert await send(url.format(port=port, ca=made.authority), seconds=2) is Fate.LATER
    assert remote.mails == []


async def test_starttls_that_the_server_does_not_offer_is_not_done_without(made):
    remote = Remote()
    async with listening(remote, made, kind="plain") as port:
        assert await send(f"smtp://127.0.0.1:{port}/?starttls&ca={made.authority}") is Fate.LATER
    assert remote.mails == []


def test_the_setting_says_all_of_it():
    assert read_server("smtp://h/?starttls&ca=/ca.pem") == Server("h", 587, None, None, False, True, "/ca.pem")
    assert read_server("smtps://h") == Server("h", 465, None, None, True, False)
    for wrong in ("smtp://h/?tls", "http://h", "smtp://"):
        with pytest.raises(SettingsError):
            read_server(wrong)
    with pytest.raises(SettingsError, match="file"):
        Submission(read_server("smtps://h/?ca=/nowhere/ca.pem"))
