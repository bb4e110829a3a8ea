"""The envelope of a mail that was read from a mailbox or a file: what its headers tell."""

from __future__ import annotations

import pytest

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.stored_envelope import envelope_of


@pytest.mark.parametrize(
    ("headers", "recipients", "sender"),
    [
        (
            b"To: Ventas <ventas+t@cauce.example>, b@x.cu\r\nReturn-Path: <b@x.cu>",
            ("ventas+t@cauce.example",),
            "b@x.cu",
        ),
        (
            b"Delivered-To: support@cauce.example\r\nTo: ventas@cauce.example\r\nReturn-Path: <>",
            ("support@cauce.example",),
            "",
        ),
        (b"To: somebody@else.example", ("support@cauce.example",), ""),
        (b"", ("support@cauce.example",), ""),
    ],
)
def test_the_envelope_is_found_in_the_headers(headers, recipients, sender):
    boxes = Mailboxes(("support@cauce.example", "ventas@cauce.example"))
    found = envelope_of(headers + b"\r\n\r\nhola", "box", boxes)
    assert (found.recipients, found.sender, found.source) == (recipients, sender, "box")


def test_who_has_it_when_nobody_of_ours_is_named_can_be_said():
    boxes = Mailboxes(("support@cauce.example", "ventas@cauce.example"))
    assert envelope_of(b"\r\n\r\n", "box", boxes, "ventas@cauce.example").recipients == ("ventas@cauce.example",)
