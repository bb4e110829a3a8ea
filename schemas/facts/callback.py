"""Facts of a call-me-back: a customer asks to be telephoned within a window of time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.incident import Words
from schemas.facts.kind import Fact, Personal, fact


class Wish(Personal, frozen=True, kw_only=True):
    """Whom to call, where, about what."""

    name: str = ""
    phone: str = ""
    text: str = ""


@fact("callback.requested.v1")
class CallbackRequested(Fact, frozen=True, kw_only=True):
    """Call me between `since` and `until`. Its id is its interaction's; `time_zone` is the customer's."""

    callback: UUID
    incident: UUID
    address: UUID
    since: datetime
    until: datetime
    time_zone: str
    language: str = ""
    at: datetime
    personal: Wish | None = None


@fact("callback.rescheduled.v1")
class CallbackRescheduled(Fact, frozen=True, kw_only=True):
    """Another window was agreed."""

    callback: UUID
    since: datetime
    until: datetime
    by: str
    at: datetime


@fact("callback.taken.v1")
class CallbackTaken(Fact, frozen=True, kw_only=True):
    """Somebody sees to it; `call` is the call they make for it, once they make one."""

    callback: UUID
    call: UUID | None = None
    by: str
    at: datetime


@fact("callback.released.v1")
class CallbackReleased(Fact, frozen=True, kw_only=True):
    """Back on the list, for whoever takes it."""

    callback: UUID
    by: str
    at: datetime


@fact("callback.done.v1")
class CallbackDone(Fact, frozen=True, kw_only=True):
    """They were called back: by `call`, where we know it."""

    callback: UUID
    call: UUID | None = None
    by: str
    at: datetime


@fact("callback.cancelled.v2")
class CallbackCancelled(Fact, frozen=True, kw_only=True):
    """No call is wanted or possible any more, and why. `address` is None in v1, where the reason was in the clear."""

    callback: UUID
    address: UUID | None = None
    by: str
    at: datetime
    personal: Words | None = None
