"""The JSON frames of a chat, both ways. SURFACE.md, "Chat", is their contract."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

from schemas.errors import MalformedError, TooLargeError

TEXT_MAX_BYTES = 8 * 1024
FRAME_MAX_BYTES = 64 * 1024  # TEXT_MAX_BYTES, escaped; the server's own limit on a frame must be above

ErrorCode: TypeAlias = Literal["log_unavailable", "too_large", "rate_limited", "malformed"]

StateName: TypeAlias = Literal["open", "unavailable", "waiting", "active", "missed", "closed"]

_ID = re.compile(rb'"id"\s*:\s*"([A-Za-z0-9_.:-]{1,128})"')


class _In(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class Hello(_In, frozen=True, tag="hello"):
    """First frame. `token`: a chat's, or a status link's. `name` and `email` are claims.

    `states`: send me `state` frames too.
    """

    token: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    email: Annotated[str, msgspec.Meta(max_length=320)] | None = None
    locale: Annotated[str, msgspec.Meta(pattern="^([A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4})?$")] | None = None
    states: bool = False


class Say(_In, frozen=True, tag="message"):
    """Words of the customer. `id` is the client's own, for acks and for sending again."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    text: Annotated[str, msgspec.Meta(pattern=r"\S")]


class TypingIn(_In, frozen=True, tag="typing"):
    """The customer is writing."""


class EmailIn(_In, frozen=True, tag="email"):
    """Where to write to when nobody comes: a claim."""

    email: Annotated[str, msgspec.Meta(max_length=320)]


class Bye(_In, frozen=True, tag="bye"):
    """The customer ends the conversation."""


In: TypeAlias = Hello | Say | TypingIn | EmailIn | Bye


class _Out(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    pass


class Welcome(_Out, frozen=True, tag="welcome"):
    """`token` brings the client back to this session later."""

    token: str
    session: UUID


class Ack(_Out, frozen=True, tag="ack"):
    """Durable on the log."""

    id: str
    interaction_id: UUID


class Problem(_Out, frozen=True, tag="error"):
    """The frame was not taken; the connection stays usable. `retry_after` in seconds."""

    code: ErrorCode
    id: str | None = None
    retry_after: int | None = None
    detail: str = ""


class FileLink(msgspec.Struct, frozen=True):
    """A file of a message, behind a link that the session's token opens."""

    name: str
    url: str
    bytes: int


class Words(_Out, frozen=True, tag="message", rename={"sender": "from"}):
    """A message of the conversation. `id` is the interaction's."""

    sender: Literal["agent", "customer"]
    id: UUID
    text: str
    at: datetime
    attachments: tuple[FileLink, ...] = ()


class TypingOut(_Out, frozen=True, tag="typing"):
    """An agent is writing."""


class State(_Out, frozen=True, tag="state"):
    """How the chat stands; only to clients that asked for it. `by_mail`: it goes on there; else an address is welcome.

    `link`: the status page of what was said here.
    """

    state: StateName
    agent: str = ""
    by_mail: bool = False
    link: str = ""


Out: TypeAlias = Welcome | Ack | Problem | Words | TypingOut | State

_decoder: msgspec.json.Decoder[In] = msgspec.json.Decoder(In)
_encoder = msgspec.json.Encoder()


def decode(frame: bytes) -> In:
    """A client's frame. Raises TooLargeError, MalformedError."""
    if len(frame) > FRAME_MAX_BYTES:
        raise TooLargeError(f"a frame may have {FRAME_MAX_BYTES} bytes")
    try:
        found = _decoder.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(str(error)) from error
    if isinstance(found, Say) and len(found.text.encode()) > TEXT_MAX_BYTES:
        raise TooLargeError(f"a message may have {TEXT_MAX_BYTES} bytes")
    return found


def id_in(frame: bytes) -> str | None:
    """The client's id in a frame that could not be taken, where one can be made out: so that the client knows which."""
    found = _ID.search(frame[:FRAME_MAX_BYTES])
    return found.group(1).decode() if found else None


def encode(frame: Out) -> str:
    """A frame as it is sent."""
    return _encoder.encode(frame).decode()
