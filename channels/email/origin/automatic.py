"""Mail that no person wrote: answering machines, lists, receipts, and our own coming back. Below parse.py.

What a server reports about a mail of ours is read in bounces.py.
"""

from __future__ import annotations

import hmac

from channels.email.mime.headers import Headers, Tree
from channels.email.mime.parts import media_type_of
from channels.email.origin.bounces import Report, report_of
from channels.tokens import ThreadTokens
from schemas.interaction import Automatic, RawMail

LOOP_HEADER = "X-Cauce-Loop"
_ANSWERS = {"auto_reply", "auto-reply"}
_BULK = {"bulk", "junk"}  # as vacation(1) marks its answers, and older lists their mail
_MARKS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Reply-From",  # cPanel
    "X-Mail-Autoreply",
)


def loop_mark(secret: bytes) -> str:
    """What our outgoing mail carries so that we know it again."""
    return hmac.digest(secret, b"mail loop", "sha256")[:12].hex()


def judge(
    raw: RawMail, message: Tree, headers: Headers, content: bytes, tokens: ThreadTokens, loop: str
) -> Report | None:
    """What kind of automatic mail this is; None: somebody wrote it."""
    if headers.raw(LOOP_HEADER).strip() == loop:  # our own: no report of it, or every loop would look like a bounce
        return Report(Automatic.REPLY)
    report = report_of(message, headers, content, tokens, nobodys=wants_no_answer(raw, headers))
    if report is not None:
        return report
    if _is_nobodys(raw, message, headers):
        return Report(Automatic.REPLY)
    return Report(Automatic.LIST) if _is_for_many(headers) else None


def _is_nobodys(raw: RawMail, message: Tree, headers: Headers) -> bool:
    submitted = headers.raw("Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()
    precedence = headers.raw("Precedence").strip().lower()
    return (
        submitted not in {"", "no"}
        or precedence in _ANSWERS
        or (precedence in _BULK and not headers.starting("List-"))
        or any(name in headers for name in _MARKS)
        or media_type_of(message) == "multipart/report"
        or empty_return_path(raw, headers)
    )


def _is_for_many(headers: Headers) -> bool:
    """What wants no automatic answer, though somebody may have written it: to a group, by way of a company's system."""
    return (
        headers.starting("List-")
        or headers.raw("Precedence").strip().lower() == "list"
        or "X-Auto-Response-Suppress" in headers
    )


def empty_return_path(raw: RawMail, headers: Headers) -> bool:
    """Nobody wants an answer. A mail read from a mailbox has lost its envelope; its header may remember."""
    if raw.source in {"smtp", "lmtp"}:
        return not raw.envelope_from
    return "".join(headers.raw("Return-Path").split()) == "<>"


def wants_no_answer(raw: RawMail, headers: Headers) -> bool:
    """The same, or the envelope is lost and nothing remembers it."""
    return empty_return_path(raw, headers) or (raw.source not in {"smtp", "lmtp"} and "Return-Path" not in headers)
