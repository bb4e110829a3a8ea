"""What a held record would show, safely: its words, its HTML without pictures, its headers, its files by name only.

A mail is parsed in a child with bounds, as when it came: it may be here because it kills parsers. Whatever can't be
parsed shows how its bytes begin.
"""

from __future__ import annotations

import asyncio

import msgspec

from channels.email.original import headers_of
from channels.email.parse import Parsed
from channels.email.parser_pool import ParserPool
from channels.intake import decode_item
from channels.text import shorten
from eventstore.blobs import Blobs
from schemas.errors import DecodeError, NotFoundError, PoisonError
from schemas.interaction import Interaction, Party
from services.held import Stored, mail_of

PARSED_MAX_BYTES = 8 * 1024 * 1024
"""Larger mails show their headers and how they begin: nobody waits for a preview that long."""
BEGINNING_BYTES = 16 * 1024
_TEXT_MAX_BYTES = 64 * 1024
_FILES_MAX = 200


class HeldFile(msgspec.Struct, frozen=True):
    """An attachment, not opened."""

    name: str
    media_type: str
    bytes: int


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`parsed` False: `text` is how the bytes begin. `bytes`: of all of it. `cut`: the text goes on."""

    parsed: bool
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    recipients: list[str] = []
    text: str = ""
    html: str = ""
    headers: str = ""
    files: list[HeldFile] = []
    bytes: int = 0
    cut: bool = False


async def preview(stored: Stored, blobs: Blobs, pool: ParserPool) -> Preview:
    """Whatever it is, this shows something. Bytes that are no longer kept show nothing."""
    mail = mail_of(stored)
    if mail is None:
        return await _of_interaction(stored, blobs)
    try:
        content = mail.raw or (await asyncio.to_thread(blobs.get, mail.blob) if mail.blob else b"")
    except NotFoundError:
        content = b""
    headers = headers_of(content)
    if len(content) > PARSED_MAX_BYTES:
        return _beginning(content, headers)
    try:
        parsed = await pool.parse(mail, content)
    except PoisonError:
        return _beginning(content, headers)
    return _shown(parsed.interaction, parsed.html, _files(parsed), headers=headers, size=len(content))


async def _of_interaction(stored: Stored, blobs: Blobs) -> Preview:
    try:
        item = decode_item(stored.raw)
    except DecodeError:
        return _beginning(stored.raw, "")
    if not isinstance(item, Interaction):
        return _beginning(stored.raw, "")
    try:
        html = (await asyncio.to_thread(blobs.get, item.html)).decode(errors="replace") if item.html else ""
        raw = await asyncio.to_thread(blobs.get, item.raw) if item.raw else b""
    except NotFoundError:
        html, raw = "", b""
    files = [HeldFile(each.name, each.media_type, each.bytes) for each in item.attachments]
    return _shown(item, html, files, headers=headers_of(raw), size=len(raw) or len(stored.raw))


def _files(parsed: Parsed) -> list[HeldFile]:
    return [HeldFile(each.name, each.media_type, len(each.data)) for each in parsed.files]


def _shown(item: Interaction, html: str, files: list[HeldFile], *, headers: str, size: int) -> Preview:
    text = shorten(item.text, _TEXT_MAX_BYTES)
    return Preview(
        parsed=True,
        subject=item.subject,
        sender=item.sender.address,
        sender_name=item.sender.name,
        recipients=[_named(each) for each in item.recipients],
        text=text,
        html=html,
        headers=headers,
        files=files[:_FILES_MAX],
        bytes=size,
        cut=text != item.text,
    )


def _named(party: Party) -> str:
    handle = party.address.partition(":")[2]
    return f"{party.name} <{handle}>" if party.name else handle


def _beginning(content: bytes, headers: str) -> Preview:
    text = content[:BEGINNING_BYTES].decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return Preview(parsed=False, text=text, headers=headers, bytes=len(content), cut=len(content) > BEGINNING_BYTES)
