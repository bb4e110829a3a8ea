"""Mail that no person wrote: answering machines, lists, receipts, bounces, and our own coming back. Below parse.py."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from channels.email.bodies import media_type_of, payload_of
from channels.email.headers import Headers, Tree
from channels.tokens import ThreadTokens
from schemas.interaction import Automatic, RawMail

LOOP_HEADER = "X-Cauce-Loop"
_SEARCHED_BYTES = 1024 * 1024
_PARTS_MAX = 50
_BULK = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_MACHINES = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_OURS = re.compile(rb"^message-id:\s*<?([a-z2-7]{45}\.[0-9a-f]{32}@[^\s<>]{1,255})", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(rb"^action:\s*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"^status:\s*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """Is it automatic; a bounce: which outgoing interaction it is about, and its status code (RFC 3463)."""

    automatic: Automatic | None = None
    thread: UUID | None = None
    about: UUID | None = None
    status: str = ""


def loop_mark(secret: bytes) -> str:
    """What our outgoing mail carries so that we know it again."""
    return hmac.digest(secret, b"mail loop", "sha256")[:12].hex()


def judge(raw: RawMail, message: Tree, headers: Headers, content: bytes, tokens: ThreadTokens, loop: str) -> Verdict:
    """What kind of mail this is."""
    if _is_bounce(raw, message, headers):
        return _bounce(message, content, tokens)
    return Verdict(Automatic.REPLY if _is_automatic(raw, message, headers, loop) else None)


def _is_automatic(raw: RawMail, message: Tree, headers: Headers, loop: str) -> bool:
    submitted = headers.raw("Auto-Submitted").partition(";")[0].strip().lower()
    return (
        headers.raw(LOOP_HEADER).strip() == loop
        or submitted not in {"", "no"}
        or headers.raw("Precedence").strip().lower() in _BULK
        or "X-Auto-Response-Suppress" in headers
        or "X-Autoreply" in headers
        or "X-Autorespond" in headers
        or headers.starting("List-")
        or media_type_of(message) == "multipart/report"
        or empty_return_path(raw, headers)
    )


def empty_return_path(raw: RawMail, headers: Headers) -> bool:
    """Nobody wants an answer. A mail read from a mailbox has lost its envelope; its header may remember."""
    if raw.source in {"smtp", "lmtp"}:
        return not raw.envelope_from
    return "".join(headers.raw("Return-Path").split()) == "<>"


def _is_bounce(raw: RawMail, message: Tree, headers: Headers) -> bool:
    if media_type_of(message) == "multipart/report":
        found = _ACTION.search(b"\n".join(_status_reports(message)))
        if found is not None:
            return found.group(1).lower() == b"failed"
        return "delivery-status" in headers.raw("Content-Type").lower()
    return empty_return_path(raw, headers) and _MACHINES.search(headers.raw("From")) is not None


def _bounce(message: Tree, content: bytes, tokens: ThreadTokens) -> Verdict:
    status = _STATUS.search(b"\n".join(_status_reports(message)))
    known = next(_known_ids(message, content, tokens), None)
    return Verdict(
        automatic=Automatic.BOUNCE,
        thread=known[0] if known else None,
        about=known[1] if known else None,
        status=status.group(1).decode() if status else "",
    )


def _known_ids(message: Tree, content: bytes, tokens: ThreadTokens) -> Iterator[tuple[UUID, UUID]]:
    # in the clear nearly always: the returned headers; else in an encoded part
    _, _, below = content[:_SEARCHED_BYTES].partition(b"\n\r\n" if b"\n\r\n" in content[:_SEARCHED_BYTES] else b"\n\n")
    places = [below, *(payload_of(part)[:_SEARCHED_BYTES] for part in _parts(message) if not part.is_multipart())]
    for place in places:
        for found in _OURS.findall(place):
            known = tokens.read_message_id(found.decode("ascii", "replace"))
            if known is not None:
                yield known


def _status_reports(message: Tree) -> Iterator[bytes]:
    for part in _parts(message):
        if media_type_of(part) == "message/delivery-status":
            # the standard library makes a list of header blocks of it
            if part.is_multipart():
                for block in cast("list[Tree]", part.get_payload()):
                    lines = (f"{name}: {value}" for name, value in block.raw_items())
                    yield "\n".join(lines).encode("utf-8", "surrogateescape")
            else:
                yield payload_of(part)


def _parts(message: Tree) -> Iterator[Tree]:
    for seen, part in enumerate(message.walk()):
        if seen >= _PARTS_MAX:
            return
        yield part
