"""What we write parses right wherever it is read: order of parts, files, and our own splitter takes quotes off."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest

from channels.email.sending.outgoing import OutgoingFile, OutgoingMail, compose
from channels.email.sending.quoting import LANGUAGES, Quoted
from channels.email.words.quotes import reply_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
THEIRS = Quoted("Ana Pérez", NOW, "No imprime.\n\n> ¿Cuál?\n\nLa de arriba.")


def mail(**more) -> OutgoingMail:
    given = {
        "mailbox": "support@cauce.example",
        "answers_to": "support+token@cauce.example",
        "name": "Soporte",
        "recipient": "ana@x.cu",
        "recipient_name": "Ana",
        "subject": "Re: Impresora",
        "text": "Pruebe <otra> vez.",
        "language": "es",
        "message_id": "one@cauce.example",
        "references": ("a@x.cu",),
        "loop": "mark",
        "at": NOW,
    }
    return OutgoingMail(**given | more)


def parsed(outgoing: OutgoingMail):
    return email.message_from_bytes(compose(outgoing), policy=email.policy.default)


def text_of(found) -> str:
    return found.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_text_comes_before_html_and_files_stand_around_both():
    long = "informe de la región oriental " * 6 + ".pdf"
    found = parsed(
        mail(files=(OutgoingFile(long, "application/pdf", b"%PDF"), OutgoingFile("añó.txt", "text/plain", b"x")))
    )
    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
        "text/plain",
    ]
    assert [part.get_filename() for part in found.iter_attachments()] == [long, "añó.txt"]


def test_the_html_says_what_the_text_says_and_nothing_of_it_is_markup():
    found = parsed(mail(signature="Eva <b>\nhttps://cauce.example/x?a=1&b=2", quoted=THEIRS))
    html = found.get_body(("html",)).get_content()
    assert "<p>Pruebe &lt;otra&gt; vez.</p>" in html
    assert "Eva &lt;b&gt;<br>" in html
    assert '<a href="https://cauce.example/x?a=1&amp;b=2">' in html
    assert '<blockquote type="cite">No imprime.<br>' in html
    assert text_of(found) == (
        "Pruebe <otra> vez.\n\n-- \nEva <b>\nhttps://cauce.example/x?a=1&b=2\n\n"
        "El 1 mar 2026 12:00 UTC, Ana Pérez escribió:\n> No imprime.\n>\n>> ¿Cuál?\n>\n> La de arriba.\n"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_splitter_takes_off_what_we_put_below(language):
    text = text_of(parsed(mail(quoted=THEIRS, quoted_in=language)))
    assert reply_of(text).strip() == "Pruebe <otra> vez."


def test_a_very_long_quote_is_cut():
    text = text_of(parsed(mail(quoted=Quoted("Ana", NOW, "línea\n" * 5000))))
    assert len(text) < 3000
    assert text.endswith("> …\n")


def test_an_id_that_is_none_does_not_spoil_the_others():
    head = compose(mail(references=("a@x.cu", "ñ@x.cu", "b\0@x.cu"))).partition(b"\r\n\r\n")[0]
    assert b"\r\nIn-Reply-To: <a@x.cu>\r\nReferences: <a@x.cu>\r\n" in head
