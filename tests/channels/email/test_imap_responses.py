"""What an IMAP server sends, cut into responses, wherever the network cuts it."""

from __future__ import annotations

import pytest

from channels.email.receiving import imap_responses
from channels.email.receiving.imap_responses import MailboxError, Responses

SENT = (
    b"* OK hi\r\n* 1 FETCH (BODY[] {4}\r\na\r\nb UID 7)\r\n* 2 FETCH (BODY[] {0}\r\n)\r\n"
    b'* LIST () "/" {5}\r\nINBOX\r\n* 3 FETCH (BODY[] {9}\r\n123456789)\r\n'
)
FOUND = [
    (b"* OK hi", ()),
    (b"* 1 FETCH (BODY[] {4} UID 7)", (b"a\r\nb",)),
    (b"* 2 FETCH (BODY[] {0})", (b"",)),
    (b'* LIST () "/" {5}', (b"INBOX",)),  # it ends with one
    (b"* 3 FETCH (BODY[] {9})", (None,)),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, len(SENT)])
def test_the_same_comes_of_any_pieces(size):
    responses = Responses(literal_max_bytes=8)
    pieces = [SENT[start : start + size] for start in range(0, len(SENT), size)]
    assert [(bytes(line), line.literals) for piece in pieces for line in responses.feed(piece)] == FOUND


@pytest.mark.parametrize("line", [b"x" * 101, b"x" * 101 + b"\r\n", b"x" * 60 + b"{1}\r\nab" + b"x" * 40])
def test_a_line_without_end_is_no_answer(line, monkeypatch):
    monkeypatch.setattr(imap_responses, "_LINE_MAX_BYTES", 100)
    with pytest.raises(MailboxError):
        list(Responses(literal_max_bytes=8).feed(line))
