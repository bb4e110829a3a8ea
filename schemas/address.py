"""Addresses: one handle of a person on a channel, written `email:ana@x.cu`, `phone:+5355512345`, `chat:<session>`."""

from __future__ import annotations

import re
from enum import StrEnum
from uuid import UUID

from schemas.errors import InvalidError

_EMAIL = re.compile(r"[^\s@<>\"(),:;\x00-\x1f]{1,128}@[^\s@<>\"(),:;\x00-\x1f]{1,190}")
_NEEDLESS_QUOTES = re.compile(r'^"([^\s@<>"(),:;\\\x00-\x1f]{1,128})"(?=@)')  # RFC 5321 §4.1.2: the same mailbox
_PHONE_NOISE = re.compile(r"[\s().\-/]")
_PHONE = re.compile(r"\+?\d{3,15}")
_IN_WORDS = re.compile(
    r"\S+@\S+"
    r"|(?<![\w.#-])\+?(?!(?:19|20)\d\d[-/.][01]\d[-/.][0-3]\d(?!\d))\d(?:[\s().\-/]?\d){6,}(?!\w)"  # no date, no code
)
_ANONYMOUS = re.compile(r"phone:anonymous/[0-9a-f-]{36}")


class Kind(StrEnum):
    """What kind of handle an address is."""

    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"
    VISITOR = "in_person"


def email_address(text: str) -> str:
    """`email:` form, folded to lower case. Raises InvalidError."""
    found = _EMAIL.fullmatch(_NEEDLESS_QUOTES.sub(r"\1", text.strip()))
    if found is None:
        raise InvalidError("not an email address", field="email")
    return f"{Kind.EMAIL}:{found.group().lower()}"


def phone_address(text: str) -> str:
    """`phone:` form in E.164 with its plus; CTI systems send numbers without it. Raises InvalidError."""
    digits = _PHONE_NOISE.sub("", text.strip())
    digits = digits.removeprefix("00")
    if _PHONE.fullmatch(digits) is None:
        raise InvalidError("not a telephone number", field="phone")
    return f"{Kind.PHONE}:+{digits.removeprefix('+')}"


def anonymous_phone(call: UUID) -> str:
    """Of a caller who hides the number: one a call, so that no two anonymous callers are the same person."""
    return f"{Kind.PHONE}:anonymous/{call}"


def is_anonymous(address: str) -> bool:
    """True for `anonymous_phone` addresses: there is no number to call, show or recognize."""
    return _ANONYMOUS.fullmatch(address) is not None


def parse_address(text: str) -> str:
    """Any written address, normalized; a bare one is told by its looks. Raises InvalidError."""
    kind, _, rest = text.partition(":")
    match kind:
        case Kind.EMAIL:
            return email_address(rest)
        case Kind.PHONE:
            return text if is_anonymous(text) else phone_address(rest)
        case Kind.CHAT | Kind.VISITOR if rest:
            return text
        case _:
            return email_address(text) if "@" in text else phone_address(text)


def kind_of(address: str) -> Kind:
    """The kind of a normalized address."""
    return Kind(address.partition(":")[0])


def handle_of(address: str) -> str:
    """What stands after the kind: the mailbox, the number, the session."""
    return address.partition(":")[2]


def without_addresses(text: str) -> str:
    """Words that stay in the clear, with what looks like a mailbox or a telephone number left out."""
    return _IN_WORDS.sub("…", text)
