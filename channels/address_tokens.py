"""Signed address tokens: whoever shows one has read that mailbox. In the links of `/my-requests`, until they end.

Base32 in lower case, as conversation tokens are: 16 bytes address + 4 bytes until + 12 bytes HMAC-SHA256. Those of
`/unsubscribe` have no end, and 16 bytes of the mail they came with in its place.
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import UTC, datetime
from uuid import UUID

from channels.tokens import letters

_MAC_BYTES = 12
_TOKEN = re.compile(r"[a-z2-7]{52}")
_OF_A_MAIL = re.compile(r"[a-z2-7]{71}")


class AddressTokens:
    """Signs keyed ids of addresses with the hub's secret and recognizes what it signed."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, address: UUID, until: datetime) -> str:
        """52 characters, safe in URLs."""
        what = address.bytes + int(until.timestamp()).to_bytes(4)
        return letters(what + self._mac(what))

    def verify(self, token: str, now: datetime) -> tuple[UUID, datetime] | None:
        """The address and the end of a token of ours that has not ended, or None."""
        folded = token.strip().lower()
        if _TOKEN.fullmatch(folded) is None:
            return None
        raw = base64.b32decode(folded.upper() + "====")
        address, until = UUID(bytes=raw[:16]), datetime.fromtimestamp(int.from_bytes(raw[16:20]), UTC)
        # held against the whole token: its last letter has bits to spare
        ours = hmac.compare_digest(folded, self.sign(address, until))
        return (address, until) if ours and now < until else None

    def _mac(self, what: bytes) -> bytes:
        # another beginning than a conversation's: neither can be taken for the other
        return hmac.digest(self._secret, b"address:" + what, "sha256")[:_MAC_BYTES]


class UnsubscribeTokens:
    """The same for "no more automatic mail to this address": no end, and the mail of ours that is answered by it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, address: UUID, interaction: UUID) -> str:
        """71 characters, safe in URLs."""
        what = address.bytes + interaction.bytes
        return letters(what + hmac.digest(self._secret, b"unsubscribe:" + what, "sha256")[:_MAC_BYTES])

    def verify(self, token: str) -> tuple[UUID, UUID] | None:
        """The address and the mail of a token of ours, or None."""
        folded = token.strip().lower()
        if _OF_A_MAIL.fullmatch(folded) is None:
            return None
        raw = base64.b32decode(folded.upper() + "=")
        address, interaction = UUID(bytes=raw[:16]), UUID(bytes=raw[16:32])
        return (address, interaction) if hmac.compare_digest(folded, self.sign(address, interaction)) else None
