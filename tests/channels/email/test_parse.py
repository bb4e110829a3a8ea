"""Mails as they come, and what is made of them. Each is a bytes literal: what matters is visible."""

from __future__ import annotations

import base64
import quopri
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.origin.automatic import loop_mark
from channels.email.parse import Ours, parse
from channels.tokens import ThreadTokens
from schemas.interaction import Authentication, Automatic, Party, RawMail

SECRET = b"a secret of 32 bytes for tests.."
TOKENS = ThreadTokens(SECRET)
BOX = "support@cauce.example"
OURS = Ours(secret=SECRET, addresses=(BOX, "ventas@cauce.example"), trusted_authserv=("mx.cauce.example",))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
THREAD = UUID("11111111-2222-3333-4444-555555555555")
SENT = UUID("99999999-8888-7777-6666-555555555555")
OUR_ID = TOKENS.message_id(THREAD, SENT, "cauce.example")
HEAD = b"From: Ana <ana@x.cu>\r\nTo: support@cauce.example\r\n"


def raw(**changed):
    given_ = {
        "id": UUID(int=7),
        "source": "smtp",
        "mailbox": BOX,
        "envelope_from": "ana@x.cu",
        "envelope_to": (BOX,),
        "size": 1,
        "received_at": NOW,
    }
    return RawMail(**given_ | changed)


def read(content, **changed):
    return parse(raw(**changed), content, OURS)


def text_of(body, content_type=b"text/plain; charset=utf-8", encoding=b"8bit"):
    head = HEAD + b"Content-Type: " + content_type + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n"
    return read(head + body).interaction.text


def multipart(kind, *parts):
    pieces = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return HEAD + b"Content-Type: multipart/" + kind + b'; boundary="b"\r\n\r\n' + pieces + b"--b--\r\n"


def test_a_plain_mail_is_an_interaction():
    content = (
        b"From: =?utf-8?q?Ana_P=C3=A9rez?= <Ana@X.cu>\r\nTo: support@cauce.example, Bea <bea@x.cu>\r\nCc: carl@y.de\r\n"
        b"Message-ID: <1@x.cu>\r\nSubject: =?iso-8859-1?q?Impresi=F3n?=\r\n =?utf-8?b?IHJvdGE=?=\r\n"
        b"Date: Sun, 1 Mar 2026 06:00:00 -0500\r\nContent-Language: es\r\n\r\nNo imprime.\r\n"
    )
    found = read(content).interaction
    assert (found.sender, found.recipients) == (
        Party(address="email:ana@x.cu", name="Ana Pérez", proven=True),
        (Party(address="email:bea@x.cu", name="Bea"), Party(address="email:carl@y.de")),
    )
    assert (found.subject, found.text, found.language) == ("Impresión rota", "No imprime.", "es")
    assert (found.thread, found.contact, found.hints.thread_signed) == (UUID(int=7), UUID(int=7), False)
    assert (found.hints.message_id, found.occurred_at) == ("1@x.cu", datetime(2026, 3, 1, 11, tzinfo=UTC))
    assert found.details == {"mailbox": BOX}


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "text"),
    [
        ("ñandú €".encode(), b"text/plain; charset=utf-8", b"8bit", "ñandú €"),
        ("ñandú".encode("latin-1"), b"text/plain; charset=iso-8859-1", b"8bit", "ñandú"),
        ("ñandú".encode("latin-1"), b"text/plain; charset=utf-8", b"8bit", "ñandú"),  # a lie
        ("ñandú".encode("latin-1"), b"text/plain", b"8bit", "ñandú"),  # nothing said
        ("ñandú".encode(), b"text/plain; charset=us-ascii", b"8bit", "ñandú"),
        ("“ñ”".encode("cp1252"), b"text/plain; charset=iso-8859-1", b"8bit", "“ñ”"),  # what Windows calls Latin-1
        ("ñandú".encode(), b"text/plain; charset=no-such-thing", b"8bit", "ñandú"),
        ("ñandú".encode(), b"text/plain; charset=punycode", b"8bit", "ñandú"),
        ("日本".encode("iso-2022-jp"), b"text/plain; charset=iso-2022-jp", b"7bit", "日本"),
        ("中文".encode("gb18030"), b"text/plain; charset=gb2312", b"8bit", "中文"),
        (quopri.encodestring("ñandú".encode()), b"text/plain; charset=utf-8", b"quoted-printable", "ñandú"),
        (b"100=% =zz ok", b"text/plain", b"quoted-printable", "100=% =zz ok"),
        (base64.encodebytes("ñandú".encode()), b"text/plain; charset=utf-8", b"base64", "ñandú"),
        (b"a\x00b", b"text/plain", b"8bit", "a\ufffdb"),
        (b"a\rb\r\nc\nd", b"text/plain", b"8bit", "a\nb\nc\nd"),
        (b"<p>uno<br>dos</p><p>tres</p>", b"text/html", b"8bit", "uno\ndos\n\ntres"),
        (b"<p>a<script>b</script><style>c</style></p>", b"text/html", b"8bit", "a"),
        (b"<ul><li>a<li>b</ul>&lt;x&gt;&nbsp;y", b"text/html", b"8bit", "- a\n- b\n\n<x>\N{NO-BREAK SPACE}y"),
        (b"<a href='http://y.z/'>aqui</a>", b"text/html", b"8bit", "aqui <http://y.z/>"),
        (b"<div>a<div>b", b"text/html", b"8bit", "a\nb"),
    ],
)
def test_text_is_read_whatever_it_says_it_is(body, content_type, encoding, text):
    assert text_of(body, content_type, encoding) == text


def test_html_is_kept_safe():
    evil = (
        b"<p onclick=x>Hola<img src=http://t.example/p.gif><script>s</script><a href='javascript:x'>a</a>"
        b"<iframe src=x></iframe><form action=x><input></form><b style='position:fixed'>b</b></p>"
    )
    assert read(HEAD + b"Content-Type: text/html\r\n\r\n" + evil).html == (
        '<p>Hola<img alt="t.example"><a>a</a></p><b>b</b><p></p>'
    )


def test_of_alternatives_the_plain_one_is_read_and_the_html_kept():
    mail = multipart(b"alternative", b"\r\nplain", b"Content-Type: text/html\r\n\r\n<p>html</p>")
    assert (read(mail).interaction.text, read(mail).html) == ("plain", "<p>html</p>")


def test_an_empty_plain_alternative_gives_way_to_the_html():
    mail = multipart(b"alternative", b"\r\n \r\n", b"Content-Type: text/html\r\n\r\n<p>html</p>")
    assert read(mail).interaction.text == "html"


def test_a_lists_footer_does_not_hide_an_html_body():
    mail = multipart(b"mixed", b"Content-Type: text/html\r\n\r\n<p>words</p>", b"\r\nfooter")
    assert read(mail).interaction.text == "words\nfooter"


def test_files_are_found_with_their_names():
    mail = multipart(
        b"mixed",
        b"\r\nver",
        b'Content-Type: application/pdf; name="=?utf-8?q?informaci=C3=B3n.pdf?="\r\n'
        b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n" + base64.b64encode(b"%PDF"),
        b"Content-Type: image/png\r\nContent-Disposition: inline; filename*=utf-8''a%20%C3%B1.png\r\n\r\nPNG",
        b'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="..\\..\\etc/passwd"\r\n\r\nx',
        b"Content-Type: message/rfc822\r\n\r\nFrom: c@d.e\r\nSubject: inner\r\n\r\ninner words",
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR",
        b"Content-Type: ../../x; name=y\r\n\r\nz",
    )
    found = read(mail)
    assert found.interaction.text == "ver"
    assert [(file.name, file.media_type, file.data) for file in found.files] == [
        ("información.pdf", "application/pdf", b"%PDF"),
        ("a ñ.png", "image/png", b"PNG"),
        ("passwd", "text/plain", b"x"),
        ("inner.eml", "message/rfc822", b"From: c@d.e\r\nSubject: inner\r\n\r\ninner words"),
        ("invitation.ics", "text/calendar", b"BEGIN:VCALENDAR"),
        ("y", "text/plain", b"z"),
    ]


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Sí.\n\nOn Mon, Mar 2, 2026 at 10:00 AM Support <s@c.example> wrote:\n> hola\n> que tal\n", "Sí."),
        ("Sí.\n\nEl lun, 2 mar 2026 a las 10:00, Soporte (<s@c.example>)\nescribió:\n\n> hola\n", "Sí."),
        (
            "Sí.\n\n2026-03-02 10:00 GMT-5 Soporte <s@c.example>:\n\n> hola\n",
            "Sí.",
        ),
        ("Yes\n\n-----Original Message-----\nFrom: s@c.example\nSent: Monday\nTo: ana\nSubject: x\n\nold", "Yes"),
        (
            "Vale\n\n________________________________\nDe: Soporte\nEnviado: lunes\nPara: Ana\nAsunto: x\n\nviejo",
            "Vale",
        ),
        ("Vale\n\nDe: Soporte <s@c>\nFecha: lunes\nPara: Ana\nAsunto: x\n\nviejo", "Vale"),
        ("Vale\n\n> hola\n> que tal\n\n", "Vale"),
        (
            "On Mon Ana wrote:\n> pregunta 1\nuno\n> pregunta 2\ndos",
            "On Mon Ana wrote:\n> pregunta 1\nuno\n> pregunta 2\ndos",
        ),
        ("> only quotes", "> only quotes"),
        ("Mira:\n    if x:\n        y\n", "Mira:\n    if x:\n        y"),
        ("FYI\n\n---------- Forwarded message ---------\nFrom: a\nDate: b\nSubject: c\nTo: d\n\nwords", None),
        ("From: the start of a story\nwe had trouble", None),
    ],
)
def test_what_somebody_wrote_is_told_from_the_history(text, reply):
    head = HEAD + b"Subject: Re: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    assert read(head + text.encode()).interaction.text == (text.strip("\n") if reply is None else reply)


def test_the_history_stays_readable():
    mail = HEAD + b"\r\nYes\r\n\r\nOn Mon Ana <a@x.cu> wrote:\r\n> <old> words\r\n"
    assert "&gt; &lt;old&gt; words" in read(mail).html


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (f"In-Reply-To: <{OUR_ID}>", True),
        (f"References: <a@b>\r\n <{OUR_ID}> <c@d>", True),
        (f"In-Reply-To: <{OUR_ID.upper()}>", True),  # some programs fold case
        (f"In-Reply-To: =?utf-8?q?=3C{OUR_ID[:40]}?=\r\n =?utf-8?q?{OUR_ID[40:].replace('@', '=40')}=3E?=", True),
        (f"In-Reply-To: <{OUR_ID.replace('cauce', 'elsewhere')}>", True),
        (f"In-Reply-To: <x{OUR_ID[1:]}>", False),
        (f"In-Reply-To: <{THREAD.hex}@cauce.example>", False),
        (f"To: support+{TOKENS.sign(THREAD)}@cauce.example", True),
        (f"Cc: Support <SUPPORT+{TOKENS.sign(THREAD).upper()}@CAUCE.example>", True),
        (f"To: somebody+{TOKENS.sign(THREAD)}@else.example", False),
        (f"X-Reference: {OUR_ID}", False),
    ],
)
def test_our_token_names_the_thread_and_nothing_else_does(header, known):
    found = read(header.encode() + b"\r\nFrom: ana@x.cu\r\n\r\nhola").interaction
    assert (found.thread, found.hints.thread_signed) == ((THREAD, True) if known else (UUID(int=7), False))


def test_the_envelope_carries_the_token_too():
    found = read(HEAD + b"\r\nx", envelope_to=(f"support+{TOKENS.sign(THREAD)}@cauce.example",)).interaction
    assert (found.thread, found.hints.thread_signed) == (THREAD, True)


def test_references_and_the_number_are_hints():
    found = read(
        HEAD + b"Subject: RE: [#7] x\r\nReferences: <a@b> <c@d>\r\nIn-Reply-To: <c@d> (word)\r\n\r\nx"
    ).interaction.hints
    assert (found.references, found.subject_number) == (("a@b", "c@d"), 7)
    many = b"References: " + b" ".join(b"<%d@x>" % number for number in range(200))
    kept = read(HEAD + many + b"\r\n\r\nx").interaction.hints.references
    assert (len(kept), kept[0], kept[-1]) == (50, "0@x", "199@x")


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        (b"Auto-Submitted: auto-replied", Automatic.REPLY),
        (b"Auto-Submitted: auto-generated; owner-email=x", Automatic.REPLY),
        (b"Auto-Submitted: no", None),
        (b"Precedence: bulk", Automatic.REPLY),
        (b"Precedence: first-class", None),
        (b"Precedence: auto_reply", Automatic.REPLY),
        (b"X-Auto-Response-Suppress: All", Automatic.LIST),
        (b"X-Autoreply: yes", Automatic.REPLY),
        (b"X-Autorespond: x", Automatic.REPLY),
        (b"X-Mail-Autoreply: x", Automatic.REPLY),
        (b"X-Auto-Reply-From: ana@x.cu", Automatic.REPLY),
        (b"List-Id: <l.example>", Automatic.LIST),
        (b"List-Unsubscribe: <https://x.cu/u>", Automatic.LIST),
        (b"Precedence: list", Automatic.LIST),
        (b"Precedence: bulk\r\nList-Id: <l.example>", Automatic.LIST),
        (b"Auto-Submitted: auto-replied\r\nList-Id: <l.example>", Automatic.REPLY),
        (b"X-Cauce-Loop: " + loop_mark(SECRET).encode(), Automatic.REPLY),
        (b"X-Cauce-Loop: of another hub", None),
        (b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b", Automatic.REPLY),
        (b"X-Other: y", None),
    ],
)
def test_what_no_person_wrote_is_told(header, automatic):
    assert read(HEAD + header + b"\r\n\r\nx").interaction.hints.automatic is automatic


def test_nobody_to_answer_is_automatic_but_a_mailbox_without_an_envelope_is_not():
    assert read(HEAD + b"\r\nx", envelope_from="").interaction.hints.automatic is Automatic.REPLY
    assert read(HEAD + b"\r\nx", envelope_from="", source="imap:x").interaction.hints.automatic is None
    fetched = read(HEAD + b"Return-Path: <>\r\n\r\nx", envelope_from="", source="imap:x")
    assert fetched.interaction.hints.automatic is Automatic.REPLY


def report(action, enclosed=b"Content-Type: text/rfc822-headers\r\n\r\n", encoding=None):
    returned = b"From: support@cauce.example\r\nMessage-ID: <" + OUR_ID.encode() + b">\r\nSubject: Re: x\r\n"
    if encoding:
        returned = base64.encodebytes(returned)
    status = b"Reporting-MTA: dns; mx.x.cu\r\n\r\nFinal-Recipient: rfc822; ana@x.cu\r\nAction: " + action
    body = (
        b"--b\r\n\r\nIt failed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + status
        + b"\r\nStatus: 5.1.1\r\n"
        b"\r\n--b\r\n" + enclosed + returned + b"\r\n--b--\r\n"
    )
    return (
        b"From: MAILER-DAEMON@x.cu\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        + body
    )


@pytest.mark.parametrize(
    "mail",
    [
        report(b"failed"),
        report(b"failed", b"Content-Type: message/rfc822\r\n\r\n"),
        report(b"failed", b"Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: base64\r\n\r\n", "base64"),
        b"From: postmaster@x.cu\r\nSubject: Undelivered\r\n\r\nReturned:\r\n\r\nMessage-ID: <"
        + OUR_ID.encode()
        + b">\r\n",
    ],
)
def test_a_bounce_says_what_bounced(mail):
    found = read(mail, envelope_from="").interaction
    assert (found.hints.automatic, found.hints.about, found.thread) == (Automatic.BOUNCE, SENT, THREAD)


def test_a_delay_is_no_bounce_and_a_strangers_bounce_is_about_nothing():
    delayed = read(report(b"delayed"), envelope_from="").interaction.hints
    assert (delayed.automatic, delayed.about) == (Automatic.DELAY, SENT)
    strange = read(report(b"failed").replace(OUR_ID.encode(), b"x@y"), envelope_from="").interaction
    assert (strange.hints.automatic, strange.hints.about, strange.hints.thread_signed) == (
        Automatic.BOUNCE,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (b"mx.cauce.example; dmarc=pass; spf=fail", Authentication.PASS),
        (b"mx.cauce.example 1; dmarc=fail (p=none); dkim=pass", Authentication.FAIL),
        (b"MX.cauce.example; spf=pass smtp.mailfrom=x.cu", Authentication.PASS),
        (b"mx.cauce.example; spf=fail; dkim=fail", Authentication.FAIL),
        (b"mx.cauce.example; spf=softfail; dkim=none", Authentication.NONE),
        (b"mx.cauce.example; spf=temperror", Authentication.TEMPERROR),
        (b"mx.cauce.example; none", Authentication.NONE),
        (b"mx.stranger.example; dmarc=fail", Authentication.NONE),
        (b"mx.stranger.example; dmarc=pass", Authentication.NONE),
        (b"(dmarc=pass) mx.cauce.example; x=y", Authentication.NONE),
        (b"", Authentication.NONE),
    ],
)
def test_only_our_own_servers_word_counts(value, verdict):
    found = read(HEAD + b"Authentication-Results: " + value + b"\r\n\r\nx").interaction
    assert (found.authentication, found.sender.proven) == (verdict, verdict is not Authentication.FAIL)


def test_the_topmost_result_of_our_server_counts():
    ours = b"Authentication-Results: mx.cauce.example; dmarc=fail\r\n"
    forged = b"Authentication-Results: mx.cauce.example; dmarc=pass\r\n"
    assert read(ours + forged + HEAD + b"\r\nx").interaction.authentication is Authentication.FAIL


@pytest.mark.parametrize(
    ("date", "occurred"),
    [
        (b"Sun, 1 Mar 2026 11:00:00 +0000", NOW - timedelta(hours=1)),
        (b"Sun, 1 Mar 2026 13:00:00 +0000", NOW),  # a clock that is fast
        (b"Thu, 1 Jan 1970 00:00:00 +0000", NOW),
        (b"Sun, 1 Feb 2026 11:00:00 +0000", NOW),  # weeks on the way by SMTP: a clock that is wrong
        (b"Sun, 99 Foo 2026 99:99:99 +9999", NOW),
        (b"", NOW),
    ],
)
def test_a_senders_clock_is_believed_only_where_it_can_be_right(date, occurred):
    assert read(HEAD + b"Date: " + date + b"\r\n\r\nx").interaction.occurred_at == occurred


def test_strangers_without_an_address_do_not_become_one_person():
    nobody = read(b"just words", envelope_from="").interaction
    assert (nobody.sender, nobody.text) == (Party(address=f"email:{UUID(int=7).hex}@unknown.invalid"), "just words")
    assert read(b"From: nonsense\r\n\r\nx").interaction.sender == Party(address="email:ana@x.cu")


@pytest.mark.parametrize(
    "head", [b"Sender: ana@x.cu", b"From: <>\r\nSender: ana@x.cu", b"From: <=?utf-8?q?ana=40x.cu?=>", b"Subject: x"]
)
def test_a_from_that_no_border_can_check_proves_nothing(head):
    assert read(head + b"\r\n\r\nx").interaction.sender == Party(address="email:ana@x.cu")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"\x00\xff" * 500,
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nnever ends',
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nx\r\n----',
        b"Content-Type: text/plain; charset*=utf-8''%ff; charset=\r\n\r\nx",
        b"Content-Type: text/plain; name*0*=x; name*1*=''%zz\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n====a",
        b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 666 x\r\n#",
        b"Subject: =?utf-8?b?====?= =?x?q?=ZZ?= =?\r\n\r\nx",
        b'From: <<<>>>,,;;:"\r\nTo: (((((\r\n\r\nx',
        b"To: " + b"(" * 16_000 + b"\r\n\r\nx",
        b"From: =?utf-8?q?" + b"=" * 5000 + b"?=\r\n\r\nx",
        b"Date: " + b"9" * 5000 + b"\r\n\r\nx",
        b"Message-ID: " + b"<" * 5000 + b"\r\n\r\nx",
        b"References: " + b"<a" * 5000 + b"\r\n\r\nx",
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (at, at) for at in range(3000))
        + b"x",
        b"Content-Type: message/rfc822\r\n\r\n" * 3000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 50_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 100_000,
        b"X: y\r\n" * 50_000,
        b"\r\n" + b"> " * 50_000,
        b"\r\n" + b"On a wrote:\r\n" * 20_000,
    ],
    ids=range(24),
)
def test_nothing_is_too_broken(content):
    found = read(content)
    assert found.interaction.id == UUID(int=7)
    found.interaction.text.encode()
    found.html.encode()


_PIECES = st.sampled_from(
    [
        b"Content-Type: ",
        b"multipart/mixed",
        b"; boundary=b",
        b"\r\n--b\r\n",
        b"--b--",
        b"text/html",
        b"\r\n\r\n",
        b"\r\n",
        b"message/rfc822",
        b"multipart/report",
        b"message/delivery-status",
        b"; charset=",
        b"utf-7",
        b"=?utf-8?q?",
        b"?=",
        b"From: ",
        b"To: ",
        b"Subject: ",
        b"References: ",
        b"<",
        b">",
        b"@",
        b"Content-Transfer-Encoding: base64",
        b"\xff",
        b"Content-Disposition: attachment; filename*0*=",
        b"name*=",
        b"''%",
        b"\x00",
        b'"',
        b"(",
        b"Date: ",
        b"Return-Path: <>",
        b"Authentication-Results: mx.cauce.example;",
        b"<blockquote>",
        b"</p>",
        b"&#x110000;",
        b"&#0;",
        b"> ",
        b"On a wrote:",
    ]
)


@settings(max_examples=400)
@given(st.lists(_PIECES | st.binary(max_size=12), max_size=60).map(b"".join), st.sampled_from(["ana@x.cu", "", "\x00"]))
def test_any_bytes_give_a_result(content, sender):
    found = read(content, envelope_from=sender)
    assert found.interaction.sender.address.startswith("email:")
    assert "\x00" not in found.interaction.text + found.interaction.subject
    (found.interaction.text + found.interaction.subject + found.html).encode()  # no lone surrogate
