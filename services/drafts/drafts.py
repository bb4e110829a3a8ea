"""Drafts: what an agent types, kept as they type, until it is sent. Sealed with the key of whom it is about.

Erasing that person takes the rows; whatever copy of them is left has lost its key. Owns `drafts`.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from eventstore.database import Connection
from eventstore.keys import Keys
from schemas.errors import ConflictError, InvalidError

TEXT_MAX_CHARACTERS = 50_000
_NONCE_BYTES = 12


class Kind(StrEnum):
    """Which composer."""

    REPLY = "reply"
    NOTE = "note"


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`to`: an address or nothing; `version`: of the incident when it was begun; `uploads`: files that go with it."""

    text: str = ""
    to: str = ""
    channel: str = ""
    version: int | None = None
    uploads: tuple[UUID, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing in it that would be missed."""
        return not self.text.strip() and not self.uploads


class Kept(msgspec.Struct, frozen=True):
    """A draft as it was last saved."""

    kind: Kind
    draft: Draft
    updated_at: datetime


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Draft)


def save(
    connection: Connection, keys: Keys, incident: UUID, address: UUID, kind: Kind, draft: Draft, *, by: str
) -> None:
    """Keep it in the place of the one before; an empty one is none. Raises InvalidError, ConflictError when erased."""
    if len(draft.text) > TEXT_MAX_CHARACTERS:
        raise InvalidError(f"at most {TEXT_MAX_CHARACTERS} characters", field="text")
    if draft.empty:
        drop(connection, incident, kind, by=by)
        return
    keys.load(connection, [address])
    key = keys.open_key(address)
    if key is None:
        raise ConflictError("this person was erased: nothing can be written about them")
    nonce = os.urandom(_NONCE_BYTES)
    connection.execute(
        "INSERT INTO drafts (agent, incident, kind, address, sealed) VALUES (%(agent)s, %(incident)s, %(kind)s,"
        " %(address)s, %(sealed)s) ON CONFLICT (agent, incident, kind) DO UPDATE SET address = excluded.address,"
        " sealed = excluded.sealed, updated_at = now()",
        {
            "agent": by,
            "incident": incident,
            "kind": kind,
            "address": address,
            "sealed": nonce + key.encrypt(nonce, _encoder.encode(draft), _bound_to(by, incident, kind)),
        },
    )


def load(connection: Connection, keys: Keys, incident: UUID, *, by: str) -> dict[Kind, Kept]:
    """An agent's drafts of an incident; what can't be opened any more is none."""
    rows = connection.execute(
        "SELECT kind, address, sealed, updated_at FROM drafts WHERE agent = %s AND incident = %s", (by, incident)
    ).fetchall()
    keys.load(connection, {address for _, address, _, _ in rows})
    found: dict[Kind, Kept] = {}
    for kind, address, sealed, updated_at in rows:
        key = keys.open_key(address)
        if key is None:
            continue
        try:
            opened = key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(by, incident, kind))
        except InvalidTag:
            continue
        found[Kind(kind)] = Kept(Kind(kind), _decoder.decode(opened), updated_at)
    return found


def drop(connection: Connection, incident: UUID, kind: Kind, *, by: str) -> None:
    """It was sent, or thrown away."""
    connection.execute("DELETE FROM drafts WHERE agent = %s AND incident = %s AND kind = %s", (by, incident, kind))


def forget(connection: Connection, addresses: Collection[UUID]) -> None:
    """What agents were writing about people who are erased."""
    connection.execute("DELETE FROM drafts WHERE address = ANY(%s)", (list(addresses),))


def _bound_to(agent: str, incident: UUID, kind: str) -> bytes:
    return f"draft {agent} {incident} {kind}".encode()
