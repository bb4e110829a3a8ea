"""What an IMAP server sends, cut into responses, with their literals (RFC 3501 §7). Below imap_client.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE_MAX_BYTES = 16 * 1024 * 1024  # the answer to a search in a mailbox of two million
_LITERAL = re.compile(rb"\{(\d{1,18})\}$")


class MailboxError(Exception):
    """The server said no, or nothing that can be understood. In words for the operator; never a secret."""


class LoginRefusedError(MailboxError):
    """It doesn't want us: asking again soon makes nothing better."""


class Line(bytes):
    """One response. It has `{n}` where a literal stood; one over the limit was read and is None."""

    literals: tuple[bytes | None, ...] = ()


class Responses:
    """Those of one connection."""

    def __init__(self, literal_max_bytes: int) -> None:
        self.literal_max_bytes = literal_max_bytes
        self._received = bytearray()
        self._searched = 0
        self._text = b""
        self._literals: list[bytes | None] = []
        self._left: int | None = None  # of a literal
        self._kept: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[Line]:
        """The responses that these bytes complete. Raises MailboxError."""
        self._received += data
        while True:
            if self._left is not None and not self._literal_ends(self._left):
                return
            end = self._received.find(b"\r\n", self._searched)
            if len(self._text) + (len(self._received) if end < 0 else end) > _LINE_MAX_BYTES:
                raise MailboxError("a line without end")
            if end < 0:
                self._searched = max(len(self._received) - 1, 0)
                return
            piece = bytes(self._received[:end])
            del self._received[: end + 2]
            self._searched = 0
            self._text += piece
            literal = _LITERAL.search(piece)
            if literal is None:
                yield self._response()
            else:
                self._left = int(literal.group(1))
                self._kept = bytearray() if self._left <= self.literal_max_bytes else None

    def _literal_ends(self, left: int) -> bool:
        if self._kept is not None:
            self._kept += self._received[:left]
        self._left = left - min(left, len(self._received))
        del self._received[:left]
        if self._left:
            return False
        self._literals.append(None if self._kept is None else bytes(self._kept))
        self._left = self._kept = None
        return True

    def _response(self) -> Line:
        line = Line(self._text)
        line.literals = tuple(self._literals)
        self._text, self._literals = b"", []
        return line
