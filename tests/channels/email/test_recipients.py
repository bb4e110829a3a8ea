"""Who may be written to: mailboxes of ours in every way they can be written, and nobody else. Nobody may relay."""

from __future__ import annotations

import pytest
from aiosmtpd.smtp import SMTP

from channels.email.mailboxes import Mailboxes, plus_part
from channels.email.receiving.smtp import Server

OURS = ("support@cauce.example", "ventas@cauce.example", "soporte@compañía.example")


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("Support@CAUCE.example", "support@cauce.example"),
        ("support+a+b@cauce.example", "support@cauce.example"),
        ("support+@cauce.example", "support@cauce.example"),
        ('"support"@cauce.example', "support@cauce.example"),
        ('"support+x"@cauce.example', "support@cauce.example"),
        ("soporte@compañía.example", "soporte@compañía.example"),
        ("soporte+x@xn--compaa-7va5a.example", "soporte@compañía.example"),
        ("postmaster", "support@cauce.example"),
        ("PostMaster@cauce.example", "support@cauce.example"),
        ("postmaster@compañía.example", "soporte@compañía.example"),
        ("postmaster@elsewhere.example", None),
        ("nobody@cauce.example", None),
        ("support@elsewhere.example", None),
        ("support@sub.cauce.example", None),
        ("supporters@cauce.example", None),
        ("support", None),
        ("@cauce.example", None),
        ("", None),
    ],
)
def test_an_address_leads_to_a_mailbox_of_ours_or_to_none(written, ours):
    assert Mailboxes(OURS).of(written) == ours


class _Library(SMTP):
    def __init__(self) -> None:
        """Only to read addresses."""


class _Ours(_Library, Server):
    _getaddr = Server._getaddr


_PATHS = (
    *("<ana@x.cu>", " <a.b+c@x-y.example.org>", "<ANA@X.CU>", "<>", "ana@x.cu", "<a..b@x.cu>", "<.a@x.cu>", "<a@b.>"),
    *("<ana>", '<"a b"@x.cu>', "<ñ@x.cu>", "<ana@x.ñ>", "<a@[1.2.3.4]>", "<@r.example:ana@x.cu>", "<ana@x.cu"),
    *("<a b@x.cu>", "<a@b@c>", ""),
)
_AFTER = ("", " ", " SIZE=100 BODY=8BITMIME", "  SMTPUTF8", "\tA", "SIZE=3", " (c) SIZE=1", " <b@x.cu>")


@pytest.mark.parametrize("local_part_limit", [0, 3])
@pytest.mark.parametrize("after", _AFTER)
@pytest.mark.parametrize("path", _PATHS)
def test_an_ordinary_path_is_read_as_the_library_reads_it(path, after, local_part_limit, monkeypatch):
    monkeypatch.setattr(SMTP, "local_part_limit", local_part_limit)
    assert _Ours()._getaddr(path + after) == _Library()._getaddr(path + after)


def test_a_mailbox_called_postmaster_is_its_own():
    boxes = Mailboxes(("support@cauce.example", "postmaster@cauce.example"))
    assert boxes.of("postmaster@cauce.example") == "postmaster@cauce.example"


def test_a_quoted_plus_part_is_read():
    assert plus_part('"support+abc"@cauce.example') == "abc"


async def test_nobody_relays_through_us(begun, kept):
    client = await begun()
    for recipient in (
        "<stranger@elsewhere.example>",
        "<support%elsewhere.example@cauce.example>",  # the percent hack
        "<elsewhere.example!support@cauce.example>",  # a bang path
        '<"stranger@elsewhere.example"@cauce.example>',
        "<@cauce.example:stranger@elsewhere.example>",  # a source route through us
        "<support@cauce.example@elsewhere.example>",
        "<support@[127.0.0.1]>",
        "<>",
    ):
        await client.say("MAIL FROM:<support@cauce.example>")  # whoever it says it is
        assert (await client.say(f"RCPT TO:{recipient}"))[:1] == "5", recipient
        assert (await client.say("DATA")).startswith("503"), recipient
        await client.say("RSET")
    assert kept() == []


async def test_old_ways_to_write_to_us_are_understood(begun, kept):
    client = await begun()
    for recipient in ("<@relay.example:support@cauce.example>", "<postmaster>", "<Postmaster@cauce.example>"):
        await client.say("MAIL FROM:<>")
        assert (await client.say(f"RCPT TO:{recipient}")).startswith("250"), recipient
        await client.say("DATA")
        assert (await client.say(b"Subject: x\r\n\r\ny\r\n.\r\n")).startswith("250")
    assert [mail.mailbox for mail in kept()] == ["support@cauce.example"] * 3
