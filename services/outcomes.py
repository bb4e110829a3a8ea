"""What commands did, kept by the caller's key: the same key with the same request again is the same outcome.

Owns the table `idempotency`; asked by services/commands.py in the transaction of the command.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from eventstore.database import Connection
from schemas.errors import ConflictError
from services.bulk import Bulk
from services.desk import Refusal
from services.request import Request

KEYS_KEPT = timedelta(days=30)

R = TypeVar("R", bound=Request)


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command did. `position`: its last fact's, for reading one's own write.

    `subject`: the incident, customer, call or call-me-back it was about or made; `number`: that incident's.
    `interaction`, `delivery` ("queued", or "sent" when it needs no delivery): a reply's. `note`: a note's id.
    `held_until`: a reply can be taken back so long.
    `undo`: asks to take it back (services/undo.py). Of several incidents: how many `changed`, and who was `refused`.
    """

    position: int
    subject: UUID
    number: int | None = None
    interaction: UUID | None = None
    delivery: str | None = None
    note: UUID | None = None
    held_until: datetime | None = None
    undo: UUID | None = None
    changed: int = 0
    refused: tuple[Refusal, ...] = ()


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_outcome = msgspec.msgpack.Decoder(Outcome)


class Outcomes:
    """`secret`: the hub's. What somebody wrote can't be guessed from the digest of it that is kept."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def earlier(self, connection: Connection, key: str | None, request: Request) -> Outcome | None:
        """What this key did before. Raises ConflictError when that was another request."""
        if key is None:
            return None
        row = connection.execute(
            "SELECT request, outcome FROM idempotency WHERE asked_by = %s AND key = %s", (request.by, key)
        ).fetchone()
        if row is None:
            return None
        self._refuse_other(bytes(row[0]), request)
        return _outcome.decode(row[1])

    def refuse_other(self, request: Request, other: Request) -> None:
        """Raise ConflictError when two requests under one key ask for different things."""
        self._refuse_other(self._digest(request), other)

    def remember(self, connection: Connection, done: Sequence[tuple[str | None, Request, Outcome]]) -> None:
        """Keep what those with a key did."""
        keyed = [(key, request, outcome) for key, request, outcome in done if key is not None]
        if keyed:
            connection.execute(
                "INSERT INTO idempotency (asked_by, key, request, outcome)"
                " SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::bytea[]) ON CONFLICT DO NOTHING",
                (
                    [request.by for _, request, _ in keyed],
                    [key for key, _, _ in keyed],
                    [self._digest(request) for _, request, _ in keyed],
                    [_encoder.encode(outcome) for _, _, outcome in keyed],
                ),
            )

    def _refuse_other(self, earlier: bytes, request: Request) -> None:
        if earlier != self._digest(request):
            raise ConflictError("this Idempotency-Key was used for another request")

    def _digest(self, request: Request) -> bytes:
        """Of what was asked, not of when, nor of the id it was given."""
        asked = _timeless(request)
        if isinstance(asked, Bulk):
            asked = msgspec.structs.replace(asked, requests=tuple(_timeless(one) for one in asked.requests))
        return hmac.digest(self._secret, type(request).__name__.encode() + b"\0" + _encoder.encode(asked), "sha256")


def _timeless(request: R) -> R:
    return msgspec.structs.replace(request, now=datetime(1970, 1, 1, tzinfo=UTC), id=UUID(int=0))


def forget_old(connection: Connection) -> int:
    """Nobody tries these again; returns how many."""
    return connection.execute("DELETE FROM idempotency WHERE at < now() - %s", (KEYS_KEPT,)).rowcount
