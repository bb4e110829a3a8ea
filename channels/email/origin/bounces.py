"""What a mail server reports about a mail of ours: not delivered, not yet, or complained of. Below automatic.py.

The standard reports (RFC 3464, RFC 5965), and the shapes of servers older or prouder than those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from channels.email.mime.charsets import decode_bytes
from channels.email.mime.encoded_words import decode_words
from channels.email.mime.headers import Headers, Tree
from channels.email.mime.parts import media_type_of, payload_of
from channels.email.mime.transfer import decoded
from channels.email.origin.diagnostics import says_nothing, status_of
from channels.tokens import ThreadTokens
from schemas.interaction import Automatic

_SEARCHED_BYTES = 1024 * 1024
_WORDS_BYTES = 32 * 1024
_PARTS_MAX = 50
_BLOCKS_MAX = 100
_TYPE_MAX_CHARACTERS = 40
_OURS = re.compile(
    rb"^[ \t>]*message-id:\s*<?([a-z2-7]{45}\.[0-9a-f]{32}@[^\s<>]{1,255})", re.IGNORECASE | re.MULTILINE
)
_MACHINES = re.compile(
    r"(?:mailer-daemon|mail-daemon|postmaster|mailerdaemon|mail-delivery-subsystem)@"
    r"|mail delivery (?:system|subsystem)|system administrator|mail administrator",
    re.IGNORECASE,
)
_UNDELIVERED = re.compile(
    r"undeliver|non[- ]?deliver|not delivered|failure notice|returned mail|returned to sender"
    r"|deliver\w* (?:\w+ )?(?:fail|problem|error|incomplete|delay)|fail\w* (?:mail )?deliver|mail delivery failed"
    r"|delayed|could not send|no (?:se )?(?:ha podido|pudo) entregar|no entregado|unzustellbar|non remis",
    re.IGNORECASE,
)
_STILL_TRIED = re.compile(
    r"(?:has|have) (?:been delayed|not yet been delivered)|delivery (?:is |has been |of .{0,80} )?delay"
    r"|warning: (?:could|message)|still being (?:tried|retried)"
    r"|will (?:keep trying|be retried|retry|continue|try again)"
    r"|do not need to re-?send"
    r"|(?:aún|todavía) no (?:se )?ha",
    re.IGNORECASE,
)
_ENCLOSED = re.compile(  # where a plain bounce's own words end and the returned mail begins
    r"^(?:[-=_* ]{2}.*(?:below this line|original message|returned|copy of|message header|enclosed).*|message-id:.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>;,:\"']{1,64}@[^\s<>;,:\"']{1,190}")
_KINDS = {"failed": Automatic.BOUNCE, "delayed": Automatic.DELAY}

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Report:
    """`thread`, `about`: the conversation and the mail of ours it speaks of. `recipient`: whose mail, as it says.

    `status`: RFC 3463, as said or as meant; of a complaint its type.
    """

    kind: Automatic
    thread: UUID | None = None
    about: UUID | None = None
    status: str = ""
    recipient: str = ""


def report_of(message: Tree, headers: Headers, content: bytes, tokens: ThreadTokens, *, nobodys: bool) -> Report | None:
    """The report a mail is; None: it is none. `nobodys`: it wants no answer, or nobody knows whether it does."""
    report = _said(message, headers, nobodys=nobodys)
    known = next(_known_ids(message, headers, content, tokens), None) if report else None
    return report if report is None or known is None else replace(report, thread=known[0], about=known[1])


def _said(message: Tree, headers: Headers, *, nobodys: bool) -> Report | None:
    blocks = list(_blocks(message))
    complaint = next((block for block in blocks if "feedback-type" in block), None)
    if complaint is not None:
        return _complaint(complaint)
    block = _telling(blocks)
    if block is not None:
        return _standard(block, message)
    return _plain(message, headers) if _is_plain_bounce(headers, nobodys=nobodys) else None


def _complaint(block: Fields) -> Report | None:
    """RFC 5965. Who complained is often blacked out."""
    kind = block["feedback-type"].strip().lower()
    if kind == "not-spam":
        return None
    recipient = block.get("original-rcpt-to", "") or block.get("removal-recipient", "")
    return Report(Automatic.COMPLAINT, status=kind[:_TYPE_MAX_CHARACTERS], recipient=_address(recipient))


def _standard(block: Fields, message: Tree) -> Report | None:
    """RFC 3464: what its fields say; where they say too little, the server's words that it quotes, then its own."""
    status = block.get("status", "").strip().split(" ")[0]
    action = block.get("action", "").split("(")[0].strip().lower()
    kind = _KINDS.get(action)
    if action and kind is None:
        return None  # delivered, relayed, expanded
    if kind is None:
        kind = Automatic.DELAY if status.startswith("4") else Automatic.BOUNCE
    delayed = kind is Automatic.DELAY
    found = status_of(f"{status} {block.get('diagnostic-code', '')}", delayed=delayed)
    if says_nothing(found):
        found = status_of(_own_words(message), delayed=delayed) or found
    recipient = _address(block.get("original-recipient", "")) or _address(block.get("final-recipient", ""))
    return Report(kind, status=found, recipient=recipient)


def _plain(message: Tree, headers: Headers) -> Report:
    """Nothing but words: qmail, exim, Notes, Yahoo, iCloud."""
    words = _own_words(message)
    delayed = _STILL_TRIED.search(f"{decode_words(headers.raw('Subject'))}\n{words}") is not None
    return Report(
        Automatic.DELAY if delayed else Automatic.BOUNCE,
        status=status_of(words, delayed=delayed),
        recipient=_address(headers.raw("X-Failed-Recipients")) or _address(words),
    )


def _telling(blocks: list[Fields]) -> Fields | None:
    """Of several recipients' blocks the one that failed, else the one that waits."""
    ours = [block for block in blocks if "action" in block or "status" in block]
    for action in ("failed", "delayed"):
        for block in ours:
            if block.get("action", "").strip().lower().startswith(action):
                return block
    return next(iter(ours), None)


def _is_plain_bounce(headers: Headers, *, nobodys: bool) -> bool:
    if "X-Failed-Recipients" in headers:
        return True
    if "delivery-status" in headers.raw("Content-Type").lower():
        return True
    machine = _MACHINES.search(decode_words(headers.raw("From"))) is not None
    return machine and (nobodys or _UNDELIVERED.search(decode_words(headers.raw("Subject"))) is not None)


def _known_ids(message: Tree, headers: Headers, content: bytes, tokens: ThreadTokens) -> Iterator[tuple[UUID, UUID]]:
    # in the clear nearly always: the returned headers; else in an encoded part, or answered as a person would
    _, _, below = content[:_SEARCHED_BYTES].partition(b"\n\r\n" if b"\n\r\n" in content[:_SEARCHED_BYTES] else b"\n\n")
    places = [below, *(payload_of(part)[:_SEARCHED_BYTES] for part in _parts(message) if not part.is_multipart())]
    ids = [found.decode("ascii", "replace") for place in places for found in _OURS.findall(place)]
    for each in (*ids, *headers.message_ids("In-Reply-To", "References")):
        known = tokens.read_message_id(each)
        if known is not None:
            yield known


def _own_words(message: Tree) -> str:
    """What the server wrote itself, without the mail it returns: that may speak of anything."""
    for part in _parts(message):
        if media_type_of(part) == "text/plain" and not part.is_multipart():
            text = decode_bytes(payload_of(part)[:_WORDS_BYTES], None)
            end = _ENCLOSED.search(text)
            return text[: end.start()] if end else text
    return ""


def _address(text: str) -> str:
    found = _ADDRESS.search(text)
    return found.group().strip(".").lower() if found else ""


def _blocks(message: Tree) -> Iterator[Fields]:
    """The header blocks of its report parts, names in small letters."""
    for part in _parts(message):
        if media_type_of(part) in {
            "message/delivery-status",
            "message/global-delivery-status",
            "message/feedback-report",
        }:
            yield from _blocks_of(part)


def _blocks_of(part: Tree) -> Iterator[Fields]:
    if not part.is_multipart():
        yield from _written(payload_of(part))
        return
    encoding = Headers(part).raw("Content-Transfer-Encoding").strip().lower()
    for block in cast("list[Tree]", part.get_payload())[:_BLOCKS_MAX]:  # the standard library makes a list of them
        if encoding in {"base64", "quoted-printable"}:  # RFC 3464 forbids it: one block, all of it undecoded
            yield from _written(decoded(block.as_bytes().strip(), encoding))
        elif block.is_multipart():
            yield from _blocks_of(block)
        else:
            yield {name.lower(): " ".join(str(value).split()) for name, value in reversed(list(block.raw_items()))}
            yield from _written(payload_of(block))  # RFC 6533's it takes for a mail: the first block its headers


def _written(text: bytes) -> Iterator[Fields]:
    """Blocks still in letters: encoded on their way, against the standard."""
    for lines in re.split(r"\n\s*\n", decode_bytes(text[:_WORDS_BYTES], None).replace("\r\n", "\n"))[:_BLOCKS_MAX]:
        pairs = (line.partition(":") for line in re.sub(r"\n[ \t]+", " ", lines).splitlines())
        found = {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
        if found:
            yield found


def _parts(message: Tree) -> Iterator[Tree]:
    for seen, part in enumerate(message.walk()):
        if seen >= _PARTS_MAX:
            return
        yield part
