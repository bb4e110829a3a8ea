"""Signed chat sessions: who shows the token is the same client as before, and sees the same thread."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from uuid import UUID

from channels.tokens import ThreadTokens
from schemas.address import Kind
from schemas.ids import new_id

_MAC_BYTES = 12
_TOKEN_BYTES = 32 + _MAC_BYTES


@dataclass(frozen=True)
class Session:
    """One client's chat. `thread` is the session itself, or the thread of the status link it was opened from."""

    id: UUID
    thread: UUID

    @property
    def address(self) -> str:
        """The client as a party."""
        return f"{Kind.CHAT}:{self.id}"

    @property
    def continues_link(self) -> bool:
        """Was it opened from a status link?"""
        return self.id != self.thread


class ChatSessions:
    """Opens sessions and recognizes them. `secret`: the hub's; `links`: what signs status links."""

    def __init__(self, secret: bytes, links: ThreadTokens) -> None:
        self._secret = secret
        self._links = links

    def open(self, token: str | None) -> tuple[Session, bool]:
        """The session of a token, and whether the token was ours. A token nobody signed gets a new, empty session."""
        known = self._verify(token) if token else None
        if known is not None:
            return known, True
        thread = self._links.verify(token) if token else None
        # a session of its own even behind a shared link: clients may number their messages alike
        session = new_id()
        return Session(session, thread or session), thread is not None

    def fresh(self) -> str:
        """The token of a new, empty session: for the frame's cookie, before anything is said."""
        session = new_id()
        return self.sign(Session(session, session))

    def sign(self, session: Session) -> str:
        """The token that brings a client back."""
        body = session.id.bytes + session.thread.bytes
        return base64.urlsafe_b64encode(body + self._mac(body)).decode().rstrip("=")

    def _verify(self, token: str) -> Session | None:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        if len(raw) != _TOKEN_BYTES or not hmac.compare_digest(raw[32:], self._mac(raw[:32])):
            return None
        return Session(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]))

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, b"chat:" + body, "sha256")[:_MAC_BYTES]
