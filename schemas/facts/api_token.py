"""Facts of an API token: what a program may do, and that it ended. Never the token itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.kind import Fact, fact


@fact("token.created.v1")
class TokenCreated(Fact, frozen=True, kw_only=True):
    """A program may come in as `name`. `scopes` empty: all that its role may. `owner` empty: nobody's in particular."""

    token: UUID
    name: str
    role: str
    scopes: tuple[str, ...] = ()
    owner: str = ""
    expires_at: datetime | None = None
    by: str
    at: datetime


@fact("token.revoked.v1")
class TokenRevoked(Fact, frozen=True, kw_only=True):
    """It opens nothing any more."""

    token: UUID
    name: str
    by: str
    at: datetime
