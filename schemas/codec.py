"""Facts to bytes and back: msgpack, versioned by type name, personal part sealed. Between every fact and the store.

Stored form: msgpack array `[clear, address | nil, sealed | nil]`; `clear` is the fact without its personal part,
`sealed` = 12-byte nonce + AES-256-GCM ciphertext of the personal part, bound to type and stream as associated data.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, get_args, get_type_hints
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import DecodeError, EventTooLargeError
from schemas.facts import REGISTRY, Fact, Personal, earlier, stream_of
from schemas.ids import uuid_of

EVENT_MAX_BYTES = 256 * 1024
_NONCE_BYTES = 12

Upcaster = Callable[[Fact], Fact]
UPCASTERS: dict[str, Upcaster] = dict(earlier.UPCASTERS)
"""Old type name → function to the next version. Applied until the type has none."""


class Keyring(Protocol):
    """Who holds the keys. Both raise KeyError for an address that never had one."""

    def seal_key(self, address: UUID) -> AESGCM | None:
        """The key to write with; None once erased: what is written then has no personal part."""
        ...

    def open_key(self, address: UUID) -> AESGCM | None:
        """The key to read with; None once erased."""
        ...


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """The parts of a stored fact. `address`: the id of the one whose key opens what is `sealed`."""

    clear: msgspec.Raw
    address: bytes | None = None
    sealed: bytes | None = None


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_stored = msgspec.msgpack.Decoder(Stored)
_clear: Mapping[str, msgspec.msgpack.Decoder[Fact]] = {
    name: msgspec.msgpack.Decoder(cls) for name, cls in REGISTRY.items()
}


def personal_class(cls: type[Fact]) -> type[Personal] | None:
    """What the sealed part of a fact is; None where it has none."""
    annotation = get_type_hints(cls).get("personal")
    return next((kind for kind in get_args(annotation) if kind is not type(None)), None)


_personal: Mapping[str, msgspec.msgpack.Decoder[Personal]] = {
    name: msgspec.msgpack.Decoder(personal) for name, cls in REGISTRY.items() if (personal := personal_class(cls))
}


def nonces(count: int) -> Iterator[bytes]:
    """So many fresh nonces, asked of the system at once."""
    drawn = os.urandom(count * _NONCE_BYTES)
    return (drawn[start : start + _NONCE_BYTES] for start in range(0, len(drawn), _NONCE_BYTES))


def encode(fact: Fact, keyring: Keyring, stream: str = "", nonce: bytes = b"") -> bytes:
    """A fact as stored. For callers who have them at hand: the name of its `stream`, and a `nonce` used only here.

    Raises EventTooLargeError, and KeyError where its address has no key yet.
    """
    personal: Personal | None = getattr(fact, "personal", None)
    if personal is None:
        data = _encoder.encode((fact, None, None))
    else:
        address: UUID = getattr(fact, "address")  # noqa: B009 --  every fact with a personal part has one
        key = keyring.seal_key(address)
        sealed = None
        if key is not None:
            nonce = nonce or os.urandom(_NONCE_BYTES)
            bound_to = _bound_to(fact.type_name, stream or stream_of(fact))
            sealed = nonce + key.encrypt(nonce, _encoder.encode(personal), bound_to)
        data = _encoder.encode((msgspec.structs.replace(fact, personal=None), address, sealed))
    if len(data) > EVENT_MAX_BYTES:
        msg = f"{fact.type_name} takes {len(data)} bytes, {EVENT_MAX_BYTES} allowed"
        raise EventTooLargeError(msg)
    return data


def decode(type_name: str, stream: str, data: bytes, keyring: Keyring) -> Fact:
    """A stored fact, brought to its newest version. `personal` is None once erased. Raises DecodeError."""
    try:
        stored = parts(data)
    except DecodeError as error:
        raise _unreadable(type_name, stream, error) from error
    return read(type_name, stream, stored, lambda address: keyring.open_key(uuid_of(address)))


def parts(data: bytes) -> Stored:
    """A stored fact taken apart, none of its parts read yet. Raises DecodeError."""
    try:
        return _stored.decode(data)
    except msgspec.MsgspecError as error:
        msg = f"not a stored fact: {error}"
        raise DecodeError(msg) from error


def read(type_name: str, stream: str, stored: Stored, open_key: Callable[[bytes], AESGCM | None]) -> Fact:
    """As `decode`, from the parts. `open_key`: a keyring's, by the address' bytes."""
    try:
        fact = _clear[type_name].decode(stored.clear)
        if stored.sealed is not None and stored.address is not None:
            key = open_key(stored.address)
            if key is not None:
                nonce, sealed = stored.sealed[:_NONCE_BYTES], stored.sealed[_NONCE_BYTES:]
                opened = key.decrypt(nonce, sealed, _bound_to(type_name, stream))
                msgspec.structs.force_setattr(fact, "personal", _personal[type_name].decode(opened))
    except (msgspec.MsgspecError, KeyError, InvalidTag) as error:
        raise _unreadable(type_name, stream, error) from error
    while (upcast := UPCASTERS.get(fact.type_name)) is not None:
        fact = upcast(fact)
    return fact


def sealed_by(data: bytes) -> bytes | None:
    """The id of the address whose key a stored fact needs to be read whole; None where it needs none.

    Raises DecodeError.
    """
    stored = parts(data)
    return stored.address if stored.sealed is not None else None


def _unreadable(type_name: str, stream: str, error: Exception) -> DecodeError:
    return DecodeError(f"{type_name} in {stream} can't be read: {error!r}")


def _bound_to(type_name: str, stream: str) -> bytes:
    return f"{type_name} {stream}".encode()
