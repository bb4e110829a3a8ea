"""Signed conversation tokens: in status links, Message-IDs and plus-addresses. Whoever shows one shares its thread.

Base32 in lower case, because mail systems fold the case of addresses: 16 bytes thread + 12 bytes HMAC-SHA256.
"""

from __future__ import annotations

import base64
import hmac
import re
from uuid import UUID

from schemas.threads import begun, mailed

_MAC_BYTES = 12
_TOKEN = re.compile(r"[a-z2-7]{45}")
_OF_MAILED_SIDE = re.compile(r"([a-z2-7]{45})([a-z2-7]{20})")


class ThreadTokens:
    """Signs threads with the hub's secret and recognizes what it signed."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, thread: UUID) -> str:
        """The token of a thread: 45 characters, safe in URLs and mailbox names."""
        return letters(thread.bytes + self._mac(thread))

    def sign_link(self, thread: UUID) -> str:
        """As links carry it: the conversation's own token, and behind it 20 characters more for its mailed side.

        Too long for a mailbox name, and to be seen as the link the form had answered with.
        """
        own = self.sign(begun(thread))
        return own if thread == begun(thread) else own + letters(self._mac(thread))

    def verify(self, token: str) -> UUID | None:
        """The thread of a token of ours, or None."""
        folded = token.strip().lower()
        if (longer := _OF_MAILED_SIDE.fullmatch(folded)) is not None:
            own = self.verify(longer[1])
            side = None if own is None else mailed(own)
            return side if side is not None and hmac.compare_digest(folded, self.sign_link(side)) else None
        if _TOKEN.fullmatch(folded) is None:
            return None
        thread = UUID(bytes=base64.b32decode(folded.upper() + "===")[:16])
        # held against the whole token: its last letter has a bit to spare, and one thread has one token
        return thread if hmac.compare_digest(folded, self.sign(thread)) else None

    def message_id(self, thread: UUID, interaction: UUID, domain: str) -> str:
        """Message-ID of an outgoing mail, without angle brackets: whoever answers it proves the thread."""
        return f"{self.sign(thread)}.{interaction.hex}@{domain}"

    def read_message_id(self, message_id: str) -> tuple[UUID, UUID] | None:
        """(thread, interaction) of a Message-ID of ours, or None."""
        local = message_id.strip().strip("<>").partition("@")[0]
        token, dot, interaction = local.partition(".")
        thread = self.verify(token)
        if thread is None or not dot:
            return None
        try:
            return thread, UUID(hex=interaction)
        except ValueError:
            return None

    def _mac(self, thread: UUID) -> bytes:
        return hmac.digest(self._secret, b"thread:" + thread.bytes, "sha256")[:_MAC_BYTES]


def letters(raw: bytes) -> str:
    """As all our tokens are written."""
    return base64.b32encode(raw).decode().lower().rstrip("=")
