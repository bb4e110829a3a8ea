"""Deterministic, scoped ids: the same input from the same place is the same id, across restarts and replicas.

Addresses and threads become keyed digests, so no index, Kafka key or event carries an address in the clear.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import msgspec

_BLOCK_BYTES = 64  # of SHA-256

_MSGPACK_16_BYTES = b"\xc4\x10"  # how 16 bytes begin in msgpack
_as_uuid = msgspec.msgpack.Decoder(UUID).decode

_FREE_BITS = ~((0xF << 76) | (0x3 << 62)) & (2**128 - 1)
_VERSION_5 = (0x5 << 76) | (0x2 << 62)  # and RFC 9562's variant

_SCOPE = uuid5(NAMESPACE_URL, "https://cauce.example/ids/v1")


def scoped_id(*parts: str | bytes) -> UUID:
    """UUIDv5 of the parts, length-prefixed so that no two lists of parts collide."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    named = hashlib.sha1(_SCOPE.bytes + digest.hexdigest().encode(), usedforsecurity=False).digest()[:16]
    return uuid_of(((int.from_bytes(named, "big") & _FREE_BITS) | _VERSION_5).to_bytes(16, "big"))


def form_id(idempotency_key: str, body: bytes) -> UUID:
    """A web form's interaction id."""
    return scoped_id("form", idempotency_key, body)


def email_id(mailbox: str, message_id: str, body_sha256: bytes) -> UUID:
    """A mail's interaction id: our mailbox + Message-ID + body hash."""
    return scoped_id("email", mailbox, message_id, body_sha256)


def chat_id(session: UUID, client_message_id: str) -> UUID:
    """A chat message's interaction id."""
    return scoped_id("chat", session.bytes, client_message_id)


def call_id(line: str, external_call: str) -> UUID:
    """A call's id; `line` scopes ids of different telephone systems."""
    return scoped_id("call", line, external_call)


def signal_id(call: UUID, kind: str, discriminator: str = "") -> UUID:
    """The id of one signal of a call (started, answered, ended)."""
    return scoped_id("call-signal", call.bytes, kind, discriminator)


def keyed_id(secret: bytes, text: str) -> UUID:
    """HMAC-SHA256 of `text`, cut to 16 bytes: a pseudonym only this hub can compute."""
    return uuid_of(keyed_bytes(secret, text))


def keyed_bytes(secret: bytes, text: str) -> bytes:
    """The 16 bytes of `keyed_id`, for keys of look-ups that are no more than that."""
    return _keyed(secret)(text.encode())[:16]


def id_beside(other: UUID, kind: str) -> UUID:
    """The id of what comes with something else, one of a kind: the incident that an interaction opened."""
    return uuid_of((other.int ^ _kind(kind)).to_bytes(16, "big"))


def uuid_of(raw: bytes) -> UUID:
    """The UUID of these 16 bytes. Thousands a second are made: UUID's own constructor takes ten times as long."""
    return _as_uuid(_MSGPACK_16_BYTES + raw)


def in_letters(value: UUID) -> str:
    """As `str` writes it, in a third of the time: each interaction has several that are written."""
    letters: str = msgspec.to_builtins(value)
    return letters


@lru_cache(maxsize=16)
def _kind(kind: str) -> int:
    return int.from_bytes(hashlib.sha256(kind.encode()).digest()[10:16])  # leaves the UUID's version and variant alone


@lru_cache(maxsize=16)
def _keyed(secret: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 (RFC 2104) with a key. `hmac.digest` prepares the key for each call, which is most of its time."""
    key = secret if len(secret) <= _BLOCK_BYTES else hashlib.sha256(secret).digest()
    key = key.ljust(_BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))

    def digest(text: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(text)
        second.update(first.digest())
        return second.digest()

    return digest


def new_id() -> UUID:
    """A fresh random id, for what has no natural key."""
    return uuid4()


def utc(moment: datetime) -> datetime:
    """The moment as aware UTC; a naive one is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
