"""Signed conversation tokens: in status links, Message-IDs and plus-addresses. Whoever shows one shares its thread.

Base32 in lower case, because mail systems fold the case of addresses: 16 bytes thread + 12 bytes HMAC-SHA256.
"""

from __future__ import annotations

import base64
import hmac
import re
from uuid import UUID

_MAC_BYTES = 12
_TOKEN = re.compile(r"[a-z2-7]{45}")


class ThreadTokens:
    """Signs threads with the hub's secret and recognizes what it signed."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, thread: UUID) -> str:
        """The token of a thread: 45 characters, safe in URLs and mailbox names."""
        return base64.b32encode(thread.bytes + self._mac(thread)).decode().lower().rstrip("=")

    def verify(self, token: str) -> UUID | None:
        """The thread of a token of ours, or None."""
        folded = token.strip().lower()
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
