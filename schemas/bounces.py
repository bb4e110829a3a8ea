"""Why a mail did not arrive, in words that a person can act on: made of an enhanced status code (RFC 3463)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from schemas.facts.address import MuteReason


class BounceReason(StrEnum):
    """The reasons we tell apart. `OTHER`: refused, and nobody said why."""

    MAILBOX_UNKNOWN = "mailbox_unknown"
    MAILBOX_CLOSED = "mailbox_closed"
    MAILBOX_FULL = "mailbox_full"
    DOMAIN_UNKNOWN = "domain_unknown"
    TOO_LARGE = "too_large"
    SPAM = "spam"
    NO_ANSWER = "no_answer"
    OTHER = "other"


HARD = frozenset({BounceReason.MAILBOX_UNKNOWN, BounceReason.MAILBOX_CLOSED, BounceReason.DOMAIN_UNKNOWN})
"""The address itself is at fault: another mail to it would not arrive either."""

_SUBJECTS: Mapping[str, BounceReason] = {
    "1.0": BounceReason.MAILBOX_UNKNOWN,
    "1.1": BounceReason.MAILBOX_UNKNOWN,
    "1.2": BounceReason.DOMAIN_UNKNOWN,
    "1.3": BounceReason.MAILBOX_UNKNOWN,
    "1.4": BounceReason.MAILBOX_UNKNOWN,
    "1.6": BounceReason.MAILBOX_CLOSED,
    "1.10": BounceReason.DOMAIN_UNKNOWN,  # RFC 7505: a null MX; Microsoft says it of a mailbox that isn't there
    "2.1": BounceReason.MAILBOX_CLOSED,
    "2.2": BounceReason.MAILBOX_FULL,
    "2.3": BounceReason.TOO_LARGE,
    "3.1": BounceReason.MAILBOX_FULL,
    "3.4": BounceReason.TOO_LARGE,
    "4.1": BounceReason.NO_ANSWER,
    "4.2": BounceReason.NO_ANSWER,
    "4.3": BounceReason.NO_ANSWER,
    "4.4": BounceReason.NO_ANSWER,
    "4.5": BounceReason.NO_ANSWER,
    "4.6": BounceReason.NO_ANSWER,
    "4.7": BounceReason.NO_ANSWER,
}


def bounce_reason(status: str) -> BounceReason:
    """What `5.1.1` means. A permanent one of class 4 counts as its subject says; `5.7.x` is policy: taken for spam."""
    _, _, subject = status.partition(".")
    if subject.startswith("7."):
        return BounceReason.SPAM
    return _SUBJECTS.get(subject, BounceReason.OTHER)


def why_muted(reason: MuteReason, status: str) -> str:
    """The word for it: a bounce's reason, `complaint` or `asked`."""
    return bounce_reason(status).value if reason is MuteReason.BOUNCE else reason.value


def is_hard(status: str) -> bool:
    """Does it tell, for good, that mail to the address can't arrive?"""
    return status.startswith("5.") and bounce_reason(status) in HARD
