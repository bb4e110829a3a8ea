"""The two sides of a conversation: what its first link shows, and what only links in our mails lead to.

Whoever fills in a form names an address, but has not shown to own it. The form's own link shows what was written
through it and the answers to that. What comes back through a mail of ours is its reader's, on a side of its own.
"""

from __future__ import annotations

from uuid import UUID

_MAILED = 1 << 62  # the variant bits 11, which no generator of UUIDs makes: RFC 9562 §4.1


def mailed(thread: UUID) -> UUID:
    """The mailed side of a conversation, given by either."""
    return UUID(int=thread.int | _MAILED)


def begun(thread: UUID) -> UUID:
    """The side a conversation began on, given by either: what it is known by."""
    return UUID(int=thread.int ^ _MAILED) if thread.int & _MAILED else thread


def shown(thread: UUID) -> list[UUID]:
    """What the holder of a side's link may see: of the mailed side both, of the other itself."""
    return list(dict.fromkeys((begun(thread), thread)))
