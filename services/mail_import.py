"""Reads mail out of files and puts it on the log `mail` with source `import`; the parser takes it from there."""

from __future__ import annotations

import mailbox
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import getaddresses, parseaddr
from pathlib import Path

from channels.email.mailboxes import Mailboxes
from channels.email.reception import Envelope, Reception
from schemas.errors import InvalidError, RefusedError
from services.wiring import Hub

SOURCE = "import"
_HEADERS_NAMING_US = ("Delivered-To", "X-Original-To", "To", "Cc")
_HEADERS_MAX_BYTES = 256 * 1024


@dataclass
class Imported:
    """How it went. `reasons`: of the refused ones."""

    taken: int = 0
    refused: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


async def import_mail(hub: Hub, path: Path, to: str | None, step: Callable[[], None]) -> Imported:
    """All mails under a path. Raises InvalidError when there is nothing like a mail, LogUnavailableError."""
    mailboxes = Mailboxes(hub.settings.mail_addresses)
    fallback = to or mailboxes.first
    if mailboxes.of(fallback) is None:
        raise InvalidError(f"{fallback} is none of CAUCE_MAIL_ADDRESSES", field="to")
    reception = Reception(hub.log, hub.blobs, mailboxes, hub.secret)
    done = Imported()
    for name, content in read_mails(path):
        try:
            await reception.accept(_envelope(content, mailboxes, fallback), content)
            done.taken += 1
        except RefusedError as error:
            done.refused += 1
            done.reasons.append((name, str(error)))
        step()
    if not done.taken and not done.refused:
        raise InvalidError(f"no mail in {path}: it takes an mbox, a Maildir, .eml files")
    return done


def read_mails(path: Path) -> Iterator[tuple[str, bytes]]:
    """(where it lies, its bytes) of each mail: an mbox, a Maildir, an .eml, or a folder of these."""
    if path.is_dir() and (path / "cur").is_dir():
        yield from _from_maildir(path)
    elif path.is_dir():
        for below in sorted(path.iterdir()):
            if not below.name.startswith("."):
                yield from read_mails(below)
    elif path.suffix.lower() == ".eml":
        yield str(path), path.read_bytes()
    elif _is_mbox(path):
        yield from _from_mbox(path)


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _from_maildir(path: Path) -> Iterator[tuple[str, bytes]]:
    for folder in ("cur", "new"):
        for found in sorted((path / folder).glob("*")):
            yield str(found), found.read_bytes()
    for below in sorted(path.glob(".*")):  # Maildir++ subfolders
        if (below / "cur").is_dir():
            yield from _from_maildir(below)


def _from_mbox(path: Path) -> Iterator[tuple[str, bytes]]:
    box = mailbox.mbox(path, create=False)
    try:
        for number in box.iterkeys():
            yield f"{path}#{number}", box.get_bytes(number)
    finally:
        box.close()


def _envelope(content: bytes, mailboxes: Mailboxes, fallback: str) -> Envelope:
    headers = mailbox.Message(content[:_HEADERS_MAX_BYTES])
    named = [
        address
        for header in _HEADERS_NAMING_US
        for _, address in getaddresses([str(value) for value in headers.get_all(header, [])])
    ]
    ours = next((address for address in named if mailboxes.of(address) is not None), fallback)
    sender = parseaddr(str(headers.get("Return-Path") or headers.get("From") or ""))[1]
    return Envelope(source=SOURCE, sender=sender, recipients=(ours,))
