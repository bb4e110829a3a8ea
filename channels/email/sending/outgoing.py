"""Builds the mail we send: threading headers, our signed Message-ID, marks against loops. submission.py sends it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from channels.email.origin.automatic import LOOP_HEADER
from channels.email.sending.quoting import Quoted
from channels.text import one_line, shorten

_REFERENCES_MAX = 20
_STRUCTURED = frozenset({"message", "multipart"})
_SUBJECT_MAX_BYTES = 500
_LINE_MAX = 998  # RFC 5322 §2.1.1: folding a Message-ID earlier would encode, and so break, it
_ANSWER = re.compile(r"^\s*(?:re|rv)\s*:", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


@dataclass(frozen=True)
class OutgoingFile:
    """A file that goes with a mail."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """What one recipient gets. Ids without angle brackets, `references` oldest first, the last one answered.

    `answers_to`: where answers and bounces go. `automatic`: nobody wrote it, so nothing may answer it by itself.
    `quoted`: what is answered, shown below in the language `quoted_in`. `unsubscribe`: where automatic mail is ended.
    """

    mailbox: str
    answers_to: str
    name: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    language: str
    message_id: str
    references: tuple[str, ...]
    loop: str
    at: datetime
    automatic: bool = False
    unsubscribe: str = ""
    files: tuple[OutgoingFile, ...] = ()
    signature: str = ""
    quoted: Quoted | None = None
    quoted_in: str = "es"


def subject_of_answer(subject: str, number: int | None) -> str:
    """`Re: …` with the incident's number in it once."""
    plain = shorten(one_line(subject), _SUBJECT_MAX_BYTES)
    answer = plain if _ANSWER.match(plain) else f"Re: {plain}".rstrip()
    return answer if number is None or f"[#{number}]" in answer else f"{answer} [#{number}]"


def compose(mail: OutgoingMail) -> bytes:
    """The mail as it goes over the wire."""
    ascii_only = mail.recipient.isascii() and mail.mailbox.isascii()
    # 7bit: a relay that turned 8-bit text into it would break our signature
    message = EmailMessage(policy=(SMTP if ascii_only else SMTPUTF8).clone(max_line_length=_LINE_MAX, cte_type="7bit"))
    message["From"] = _address(mail.name, mail.mailbox)
    message["To"] = _address(mail.recipient_name, mail.recipient)
    if mail.answers_to != mail.mailbox:
        message["Reply-To"] = _address(mail.name, mail.answers_to)
    message["Subject"] = shorten(one_line(mail.subject), _SUBJECT_MAX_BYTES)
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.message_id}>"
    # one of other characters is no id, and would make encoded words of all of them
    references = [each for each in mail.references if each.isascii() and each.isprintable()]
    if references:
        message["In-Reply-To"] = f"<{references[-1]}>"
        message["References"] = " ".join(f"<{reference}>" for reference in references[-_REFERENCES_MAX:])
    if mail.automatic:
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
    if mail.unsubscribe:  # RFC 2369 §3.2, RFC 8058 §3.1
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message[LOOP_HEADER] = mail.loop
    if mail.language:
        message["Content-Language"] = mail.language
    message.set_content(_text(mail))
    message.add_alternative(_html(mail), subtype="html")
    for file in mail.files:
        kind, _, subtype = file.media_type.partition("/")
        if kind in _STRUCTURED:  # RFC 2046 §5: these can't be encoded as a file is
            kind, subtype = "application", "octet-stream"
        message.add_attachment(file.data, maintype=kind, subtype=subtype or "octet-stream", filename=file.name)
    return message.as_bytes()


def _address(name: str, address: str) -> str | Address:
    local, _, domain = address.rpartition("@")
    try:
        return Address(display_name=one_line(name), username=local, domain=domain)
    except (HeaderParseError, ValueError, IndexError):
        return address


def _text(mail: OutgoingMail) -> str:
    """The words, the signature below its line (RFC 3676 §4.3), what is answered."""
    parts = [mail.text.rstrip()]
    if mail.signature:
        parts.append(f"-- \n{mail.signature.rstrip()}")
    if mail.quoted is not None:
        parts.append(mail.quoted.as_text(mail.quoted_in))
    return "\n\n".join(parts) + "\n"


def _html(mail: OutgoingMail) -> str:
    paragraphs = "".join(
        f"<p>{_linked(paragraph)}</p>\n" for paragraph in re.split(r"\n{2,}", mail.text.strip()) if paragraph.strip()
    )
    if mail.signature:
        paragraphs += f"<p>--<br>\n{_linked(mail.signature.strip())}</p>\n"
    if mail.quoted is not None:
        paragraphs += mail.quoted.as_html(mail.quoted_in)
    language = f' lang="{html.escape(mail.language)}"' if mail.language else ""
    return f'<!doctype html>\n<html{language}><head><meta charset="utf-8"></head><body>\n{paragraphs}</body></html>\n'


def _linked(paragraph: str) -> str:
    pieces: list[str] = []
    end = 0
    for found in _WEB_ADDRESS.finditer(paragraph):
        address = html.escape(found.group())
        pieces += (html.escape(paragraph[end : found.start()]), f'<a href="{address}">{address}</a>')
        end = found.end()
    pieces.append(html.escape(paragraph[end:]))
    return "".join(pieces).replace("\n", "<br>\n")
