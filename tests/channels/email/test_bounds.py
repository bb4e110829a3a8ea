"""However large, deep or many: a mail is read as far as its bounds, what is left is said, and time stays linear."""

from __future__ import annotations

import base64
import time
from functools import partial

import pytest

from channels.email import bodies
from channels.email.bodies import FILES_MAX, PARTS_MAX, TEXT_MAX_CHARACTERS, Body
from channels.email.mime.encoded_words import WORDS_MAX
from channels.email.mime.headers import HEADER_MAX_CHARACTERS
from channels.email.mime.tree import MESSAGES_MAX, read_tree
from channels.email.parse import TEXT_MAX_BYTES, parse
from channels.email.words.html import HTML_MAX_CHARACTERS, LINKS_MAX
from channels.email.words.html_cost import DEPTH_MAX, is_costly
from schemas.interaction import Label, Party
from tests.channels.email.mails import OURS, raw_mail

HEAD = b"From: Ana <ana@x.cu>\r\nTo: support@cauce.example\r\n"


def read(content):
    return parse(raw_mail(len(content)), content, OURS)


def mixed(*parts):
    head = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)


@pytest.mark.parametrize(
    "mail",
    [
        mixed(*[b"\r\nword"] * (PARTS_MAX + 1)),
        mixed(*[b"Content-Type: application/pdf\r\n\r\nx"] * (FILES_MAX + 1)),
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(40))
        + b"\r\nword",
        HEAD + b"".join(b"X: boundary=%d\r\n" % at for at in range(600)) + b"\r\nword",
        mixed(*[b"Content-Type: text/html\r\n\r\n" + b"word" + b"x" * (HTML_MAX_CHARACTERS - 4)] * 3),
        HEAD + b"\r\nword" + b"x" * TEXT_MAX_CHARACTERS,
        HEAD + b"Content-Type: text/html\r\n\r\nword" + b"<p>" * (HTML_MAX_CHARACTERS // 3),
        HEAD + b"Content-Type: text/html\r\n\r\nword" + b'<A\nhref="https://x.cu/">x</a>' * (LINKS_MAX + 1),
    ],
    ids=["parts", "files", "depth", "boundaries", "markup", "text", "html", "links"],
)
def test_what_is_over_a_bound_is_said_to_be_left_in_the_original(mail):
    found = read(mail)
    assert found.interaction.labels == (Label.INCOMPLETE,)
    assert len(found.files) <= FILES_MAX
    assert found.interaction.text.count("word") <= PARTS_MAX


def test_what_is_at_the_bounds_is_whole():
    found = read(
        mixed(*[b"\r\nword"] * (PARTS_MAX - FILES_MAX), *[b"Content-Type: application/pdf\r\n\r\nx"] * FILES_MAX)
    )
    assert (found.interaction.labels, len(found.files)) == ((), FILES_MAX)
    assert found.interaction.text.count("word") == PARTS_MAX - FILES_MAX


def test_a_long_text_is_cut_in_the_timeline_and_whole_a_click_away():
    found = read(HEAD + b"\r\n" + b"palabra\r\n" * 20_000)
    assert len(found.interaction.text.encode()) <= TEXT_MAX_BYTES
    assert found.html.count("palabra") == 20_000
    assert len(read(HEAD + b"\r\n" + b"x" * 2_000_000).html) < TEXT_MAX_CHARACTERS + 100


def test_of_many_links_the_words_of_the_last_are_left():
    found = read(
        HEAD + b"Content-Type: text/html\r\n\r\n" + b'<a href="https://x.cu/">one</a> ' * LINKS_MAX
        + b'<a href="https://x.cu/">more</a>'
    )  # fmt: skip
    assert found.html.count("href=") == LINKS_MAX
    assert ">more</a>" in found.html


def test_html_nested_beyond_reason_is_shown_as_text():
    html = b"Content-Type: text/html\r\n\r\n" + b"<div>" * (DEPTH_MAX + 1)
    assert read(HEAD + html + b"<b>hola</b>").html.split() == ["<pre>", "hola", "</pre>"]


@pytest.mark.parametrize(
    "html",
    [
        "<p " + " ".join(f"a{number}" for number in range(1001)),
        '<p x=">" ' + "/".join(f'a{number}="<b>"' for number in range(1001)),
        "<p>" + "".join(f"<font size={number}>" for number in range(450)) + "</p>" + "<p>x</p>" * 1000,
        "<!--> --><p>" + "".join(f"<b id={number}><!-- </b> -->" for number in range(450)) + "</p>" + "<p>x</p>" * 1000,
        "<table>" + "x<p>" * 40_001,
        "".join(f"<b id={number}></i>" for number in range(900)),
        "<div></x>" * 501,
        "<span><div></span></div>" * 501,
        "<div><table></div></table>" * 501,
        "<form><div></form>" * 501,
        "<ul><li><ul></li></ul>" * 501,
        "<p><h1><ul></p>" * 501,
        "<li><dd>" * 251,
    ],
    ids=[
        *("attributes", "attributes behind quotes", "fonts", "marks beside comments", "outside of a table's cells"),
        *("ends of other marks", "ends of nothing", "ends within a block", "ends within a table"),
        *("what a form's end leaves open", "ends within a list", "ends of what ended by itself", "kinds of items"),
    ],
)
def test_html_that_costs_the_sanitizer_much_is_told_before(html):
    assert is_costly(html)
    assert is_costly("<!-- <p " + "a " * 2000 + "-->") is False


@pytest.mark.parametrize(
    "before",
    [
        *(
            f"<{name} a='>'><!--</{name.upper()}\n>"
            for name in ("style", "script", "title", "textarea", "xmp", "iframe")
        ),
        "<noembed><!--</noembed>",
        "<noframes><!--</noframes/>",
        "<script><!--<script></script><!--</script>",
        "<svg><style>",
        "<!x <!-- >",
        "</ <!-- >",
    ],
)
def test_what_only_seems_to_begin_a_comment_hides_nothing(before):
    assert is_costly(before + "<div>" * 1001)  # more than a little, which is never costly
    assert not is_costly("<style>" + "<div>" * 501 + "</style><p>")


@pytest.mark.parametrize("other", ["\x0b", "\x1f", "\x85", "\xa0"])
def test_no_other_space_than_that_of_html_ends_a_name(other):
    assert is_costly(f"<div></div{other}>" * 501)


def test_html_of_every_day_is_not_costly():
    cell = (
        """<td align=left style="font-family: Arial, 'Open Sans'"><font face="Arial"><b>Son: <i>7 &gt; 5</i></b><br>"""
    )
    assert not is_costly("<html><body><table>" + f"<tr>{cell}</font></td></tr>" * 3000 + "</table>")
    for opened, each in (
        ("<ul>", "<li><p>a"),
        ("<dl>", "<dt>a<dd>b"),
        ("<table>", "<tr><td>a<td>b"),
        ("<td>", "<p>a<br>"),
    ):
        assert not is_costly(opened + each * 5000), each
    assert not is_costly(f'<p>Hola <img alt="a > b" src="data:image/png;base64,{"A/b+" * 50_000}"></p>')


def test_of_many_recipients_the_first_take_part():
    many = b", ".join(b"p%d@x.cu" % number for number in range(80))
    found = read(b"From: Ana <ana@x.cu>\r\nTo: " + many + b"\r\n\r\nhola").interaction.recipients
    assert [party.address for party in found] == [f"email:p{number}@x.cu" for number in range(50)]


@pytest.mark.parametrize(
    "mail",
    [
        mixed(*[b""] * (MESSAGES_MAX + 1)),
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(400))
        + b"\r\n" * 100_000,
        HEAD + b"\r\n" * 4_100_000,
    ],
    ids=["messages", "boundaries by lines", "lines"],
)
def test_what_would_take_minutes_to_take_apart_is_not(mail):
    assert read_tree(mail)[1] is False


def test_of_addresses_and_encoded_words_without_end_the_first_are_read():
    long = b"To: " + b"x" * HEADER_MAX_CHARACTERS + b"\r\n"
    assert read(b"To: one@x.cu\r\n" + long * 4 + b"To: two@x.cu\r\n\r\n").interaction.recipients == (
        Party(address="email:one@x.cu"),
    )
    subject = read(b"Subject: " + b"=?utf-8?q?a?= " * (WORDS_MAX + 1) + b"\r\n\r\n").interaction.subject
    assert subject == "a" * WORDS_MAX + " =?utf-8?q?a?="


@pytest.mark.parametrize(
    ("room", "mail"),
    [
        ("anew_left", HEAD + b"Content-Type: multipart/mixed\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--"),
        (
            "calendars_left",
            HEAD + b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
            b"SUMMARY:word\r\nDTSTART:20260301T120000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        ),
    ],
)
def test_what_costs_much_to_read_has_a_bound_for_the_whole_mail(room, mail, monkeypatch):
    whole = read(mail).interaction.text
    monkeypatch.setattr(bodies, "Body", partial(Body, **{room: 0}))
    assert read(mail).interaction.text != whole


def test_a_long_header_is_cut():
    found = read(b"Subject: " + "á".encode() * HEADER_MAX_CHARACTERS + b"\r\n\r\nhola").interaction
    assert found.text == "hola"
    assert len(found.subject.encode()) <= 1000


@pytest.mark.parametrize(
    "mail",
    [
        lambda size: b"Subject: " + b"=?a?q?" * size + b"\r\n\r\nx",
        lambda size: b"Content-Type: text/plain" + b"; a*0*=%" * size + b"\r\n\r\nx",
        lambda size: b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> x \r\n" * size,
        lambda size: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YQ==\r\n" * size,
        lambda size: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"= \r\n!" * size,
        lambda size: b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n" + b"#86)C\r\n" * size,
        lambda size: b"Content-Type: text/vcard\r\n\r\nBEGIN:VCARD\r\n" + b"A;;:\r\n =\r\n" * size,
        lambda size: b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\r\n" * size,
        lambda size: b"Content-Type: message/rfc822\r\n\r\nSubject: " + b"\xff" * size + b"\r\n\r\nx",
        lambda size: b"Content-Type: multipart/mixed\r\n\r\n" + b"--\r\n--x \r\n" * size,
        lambda size: b"A : b\r\n" * size + b"\r\nx",
    ],
)
def test_time_grows_no_faster_than_the_mail(mail):
    def seconds(size):
        content = mail(size)
        begun = time.process_time()
        read(content)
        return time.process_time() - begun

    seconds(10)
    # eight times the mail: a square would take 64 times as long
    assert seconds(16_000) < 24 * max(seconds(2_000), 0.01)


def test_a_large_file_comes_out_as_it_went_in():
    data = bytes(range(256)) * 20_000
    mail = mixed(
        b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(data)
    )
    assert [(file.name, file.data) for file in read(mail).files] == [("a.zip", data)]
