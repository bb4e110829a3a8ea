"""API tokens over the API: made, listed, revoked. The token itself is in one answer and nowhere else."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import Field
from starlette.responses import Response

from projections.page import Page
from services.access import tokens
from services.access.identity import Role
from services.access.tokens import DAYS_MAX, ApiToken, NewToken
from services.web.api.shapes import Body, Caller, Key, MaybeLine, answers, json
from services.web.parts import Parts
from services.web.routing import Router

_SCOPES_MAX = 20


class TokenShape(msgspec.Struct, frozen=True):
    """What is known of a token. `scopes` empty: all that its role may; `owner`: with whom it ends."""

    id: UUID
    name: str
    role: str
    scopes: list[str]
    owner: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class TokenMade(msgspec.Struct, frozen=True):
    """`token` is shown this once."""

    position: int
    id: UUID
    name: str
    token: str


class TokenEnded(msgspec.Struct, frozen=True):
    """It opens nothing any more."""

    position: int
    id: UUID


class TokenIn(Body):
    """A program to let in."""

    role: Role
    name: MaybeLine = ""
    scopes: Annotated[tuple[str, ...], Field(max_length=_SCOPES_MAX)] = ()
    expires_days: Annotated[int, Field(ge=1, lt=DAYS_MAX)] | None = None


def router(parts: Parts) -> Router:
    """`/api/v1/tokens`."""
    routes = Router(prefix="/api/v1/tokens", tags=["access"])
    database, access = parts.hub.database, parts.hub.access

    @routes.get("", responses=answers(Page[TokenShape]))
    async def list_tokens() -> Response:
        """All, newest first."""
        return json(Page([_shape(token) for token in await database.run(tokens.list_tokens)]))

    @routes.post("", status_code=201, responses=answers(TokenMade, 201))
    async def add_token(body: TokenIn, who: Caller, key: Key) -> Response:
        """A new one, that ends with whoever made it. The same Idempotency-Key again is 409: it was shown once."""
        new = NewToken(body.role, body.name, body.expires_days, body.scopes, owner=who.person)
        done = await access.run(who.name, tokens.add_token, new, key)
        made = done.value
        return json(TokenMade(done.position, made.id, made.name, made.secret), 201, position=done.position)

    @routes.post("/{token}/revoke", responses=answers(TokenEnded))
    async def revoke_token(token: UUID, who: Caller) -> Response:
        """From the next request on it opens nothing."""
        done = await access.run(who.name, tokens.revoke_token, token)
        return json(TokenEnded(done.position, token), position=done.position)

    return routes


def _shape(token: ApiToken) -> TokenShape:
    return TokenShape(
        id=token.id,
        name=token.name,
        role=token.role,
        scopes=list(token.scopes),
        owner=token.owner,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=token.last_used_at,
    )
