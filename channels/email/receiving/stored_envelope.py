"""The envelope that a stored mail had, as far as its headers tell. For mail read by IMAP or out of files."""

from __future__ import annotations

import re

from channels.email.mailboxes import Mailboxes
from channels.email.mime.headers import Headers
from channels.email.mime.tree import read_head
from channels.email.receiving.reception import Envelope

_RETURN_PATH = re.compile(r"<([^<>\s]*)>")


def envelope_of(content: bytes, source: str, mailboxes: Mailboxes, otherwise: str | None = None) -> Envelope:
    """`otherwise`: the mailbox that has it when nobody of ours is named; the first one when it isn't said."""
    headers = Headers(read_head(content))
    named = (party.address.partition(":")[2] for party in headers.parties("Delivered-To", "X-Original-To", "To", "Cc"))
    ours = [address for address in named if mailboxes.of(address) is not None]
    first = mailboxes.of(ours[0]) if ours else None
    path = _RETURN_PATH.search(headers.raw("Return-Path"))
    return Envelope(
        source=source,
        sender=path.group(1) if path else "",
        recipients=tuple(address for address in ours if mailboxes.of(address) == first)
        or (otherwise or mailboxes.first,),
    )
