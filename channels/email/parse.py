"""A raw mail made into a normalized interaction: pure, and total: any bytes give a result. Runs in a child process.

Between the log `mail` and the log `interactions`; files and HTML leave as bytes and are put into the blob store after.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from channels.email.bodies import TEXT_MAX_CHARACTERS, Body, FileOf, Words, read_body
from channels.email.mailboxes import Mailboxes, plus_part
from channels.email.mime.charsets import decode_bytes
from channels.email.mime.headers import Headers, Tree
from channels.email.mime.tree import below_head, read_tree
from channels.email.origin.authentication import authentication_of
from channels.email.origin.automatic import LOOP_HEADER, judge, loop_mark
from channels.email.origin.bounces import Report
from channels.email.origin.forwards import original_of
from channels.email.origin.verification import questions_of
from channels.email.origin.who import adopted, claimed_domain, who_wrote
from channels.email.words.links import misleading
from channels.email.written import written_in
from channels.text import shorten
from channels.tokens import ThreadTokens
from schemas.interaction import Attachment, Channel, Hints, Interaction, Label, Party, RawMail

TEXT_MAX_BYTES = 96 * 1024
_SUBJECT_MAX_BYTES = 1000
_RECIPIENTS_MAX = 50
_MESSAGE_ID_MAX_CHARACTERS = 250
_STALE = timedelta(days=7)
_NUMBER = re.compile(r"\[#(\d{1,9})\]")
_LANGUAGE = re.compile(r"\s*(es|en)\b", re.IGNORECASE)


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """What a parser must know of this hub."""

    secret: bytes
    addresses: tuple[str, ...]
    trusted_authserv: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()  # addresses and domains of our own people


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """The interaction without its blobs, and what is to become blobs. `original`: who wrote what it passes on.

    `asks`: DNS names whose answers would tell whether it is from `claimed`, where no border of ours has said so.
    """

    interaction: Interaction
    asks: tuple[str, ...] = ()
    claimed: str = ""
    original: Party | None = None
    html: str = ""
    files: tuple[FileOf, ...] = ()


def parse(raw: RawMail, content: bytes, ours: Ours) -> Parsed:
    """The interaction a mail is."""
    message, whole = read_tree(content)
    headers = Headers(message)
    body = read_body(message) if whole else _unparted(content)
    full = body.text
    text = written_in(full, body, headers)
    shown = body.safe_html
    if not shown and (text != full.strip("\n") or len(text.encode()) > TEXT_MAX_BYTES):
        shown = f"<pre>{html.escape(full)}</pre>"  # all of it stays readable
    original = original_of(message, headers, full)
    item = _interaction(raw, message, headers, content, text, ours)
    claimed = claimed_domain(raw, headers)
    misled = [Label.LINK_ELSEWHERE] if misleading(shown) else []
    item = msgspec.structs.replace(item, labels=(*item.labels, *body.labels, *misled))
    return Parsed(
        interaction=adopted(item, original, ours.staff, ours.addresses),
        asks=questions_of(headers, claimed) if item.checks is None else (),
        claimed=claimed,
        original=original,
        html=shown,
        files=tuple(body.files),
    )


def with_blobs(parsed: Parsed, html_blob: str, files: Sequence[str]) -> Interaction:
    """The interaction, naming the blobs its parts were put into."""
    return msgspec.structs.replace(
        parsed.interaction,
        html=html_blob,
        attachments=tuple(
            Attachment(name=file.name, bytes=len(file.data), media_type=file.media_type, blob=blob, inline=file.inline)
            for file, blob in zip(parsed.files, files, strict=True)
        ),
    )


def _unparted(content: bytes) -> Body:
    """What stands under the headers, undecoded."""
    text = decode_bytes(below_head(content)[:TEXT_MAX_CHARACTERS], None).replace("\r\n", "\n")
    return Body(words=[Words(text, is_html=False)], left_out=1, labels=[Label.INCOMPLETE])


def _interaction(raw: RawMail, message: Tree, headers: Headers, content: bytes, text: str, ours: Ours) -> Interaction:
    tokens = ThreadTokens(ours.secret)
    boxes = Mailboxes(ours.addresses)
    loop = loop_mark(ours.secret)
    verdict = judge(raw, message, headers, content, tokens, loop)
    references = headers.message_ids("References", "In-Reply-To")
    thread = (verdict.thread if verdict else None) or _signed_thread(raw, headers, references, boxes, tokens)
    authentication, checks = authentication_of(headers, ours.trusted_authserv, claimed_domain(raw, headers))
    who = who_wrote(raw, headers, authentication, (*boxes.all, *ours.staff))
    subject = shorten(headers.text("Subject"), _SUBJECT_MAX_BYTES)
    number = _NUMBER.search(subject)
    return Interaction(
        id=raw.id,
        channel=Channel.EMAIL,
        sender=who.sender,
        recipients=_recipients(headers, boxes),
        subject=subject,
        text=shorten(text, TEXT_MAX_BYTES),
        thread=thread or raw.id,
        contact=raw.id,
        occurred_at=_occurred_at(raw, headers),
        received_at=raw.received_at,
        language=_language(headers),
        labels=who.labels,
        authentication=authentication,
        checks=checks,
        hints=Hints(
            thread_signed=thread is not None,
            message_id=next(iter(headers.message_ids("Message-ID")), "")[:_MESSAGE_ID_MAX_CHARACTERS],
            references=references,
            subject_number=int(number.group(1)) if number else None,
            automatic=verdict.kind if verdict else None,
            about=verdict.about if verdict else None,
        ),
        details=_details(raw, headers, verdict, loop) | who.details,
    )


def _recipients(headers: Headers, boxes: Mailboxes) -> tuple[Party, ...]:
    others = [party for party in headers.parties("To", "Cc") if boxes.of(party.address.partition(":")[2]) is None]
    return tuple(others[:_RECIPIENTS_MAX])


def _signed_thread(
    raw: RawMail, headers: Headers, references: Sequence[str], boxes: Mailboxes, tokens: ThreadTokens
) -> UUID | None:
    """The thread of the token it came with: in the address it was sent to, or in the Message-ID it answers."""
    written = (party.address.partition(":")[2] for party in headers.parties("To", "Cc", "Delivered-To"))
    for address in (*raw.envelope_to, *written):
        if boxes.of(address) is not None and (thread := tokens.verify(plus_part(address))) is not None:
            return thread
    for reference in (*headers.message_ids("In-Reply-To"), *reversed(references)):
        known = tokens.read_message_id(reference)
        if known is not None:
            return known[0]
    return None


def _occurred_at(raw: RawMail, headers: Headers) -> datetime:
    """The sender's clock where it can be right: never after it came; long before only in a mailbox that was read."""
    written = headers.date()
    if written is None or written > raw.received_at:
        return raw.received_at
    stale = raw.received_at - written > _STALE and raw.source in {"smtp", "lmtp"}
    return raw.received_at if stale else written


def _language(headers: Headers) -> str:
    found = _LANGUAGE.match(headers.raw("Content-Language")) or _LANGUAGE.match(headers.raw("Accept-Language"))
    return found.group(1).lower() if found else ""


def _details(raw: RawMail, headers: Headers, report: Report | None, loop: str) -> dict[str, str]:
    found = {"mailbox": raw.mailbox}
    if report is not None and report.status:
        found["status"] = report.status
    if report is not None and report.recipient:
        found["returned_from"] = report.recipient
    if headers.raw(LOOP_HEADER).strip() == loop:
        found["loop"] = "ours"
    return found
