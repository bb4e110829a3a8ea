"""Facts as they were recorded before, and how each is read today. A stored class never changes: it moves here.

Between the store and everybody: the codec applies UPCASTERS to what it decodes, so nobody else sees these classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from schemas.facts.call import CallOutcomeSet
from schemas.facts.callback import CallbackCancelled
from schemas.facts.incident import IncidentReopened, Words
from schemas.facts.kind import Fact, fact
from schemas.facts.visit import ChatStarted, Searched


@fact("incident.reopened.v1")
class IncidentReopenedV1(Fact, frozen=True, kw_only=True):
    """Open again. An agent's `reason` stood in the clear."""

    incident: UUID
    interaction: UUID | None = None
    by: str = ""
    reason: str = ""
    at: datetime


@fact("call.outcome_set.v1")
class CallOutcomeSetV1(Fact, frozen=True, kw_only=True):
    """The agent says what came of it, in the clear."""

    call: UUID
    outcome: str
    by: str
    at: datetime


@fact("callback.cancelled.v1")
class CallbackCancelledV1(Fact, frozen=True, kw_only=True):
    """No call is wanted or possible any more, its reason in the clear."""

    callback: UUID
    reason: str = ""
    by: str
    at: datetime


@fact("visit.searched.v1")
class SearchedV1(Fact, frozen=True, kw_only=True):
    """Words looked for, articles found; nobody said how many without saying which."""

    visit: UUID
    query: str
    results: tuple[UUID, ...] = ()
    at: datetime


@fact("visit.chat_started.v1")
class ChatStartedV1(Fact, frozen=True, kw_only=True):
    """Somebody began to chat with us; nobody said with which words."""

    visit: UUID
    at: datetime


def _reopened(old: Fact) -> Fact:
    if not isinstance(old, IncidentReopenedV1):
        raise TypeError(old.type_name)
    words = Words(text=old.reason) if old.reason else None
    return IncidentReopened(incident=old.incident, interaction=old.interaction, by=old.by, at=old.at, personal=words)


def _outcome_set(old: Fact) -> Fact:
    if not isinstance(old, CallOutcomeSetV1):
        raise TypeError(old.type_name)
    return CallOutcomeSet(call=old.call, by=old.by, at=old.at, personal=Words(text=old.outcome))


def _cancelled(old: Fact) -> Fact:
    if not isinstance(old, CallbackCancelledV1):
        raise TypeError(old.type_name)
    words = Words(text=old.reason) if old.reason else None
    return CallbackCancelled(callback=old.callback, by=old.by, at=old.at, personal=words)


def _searched(old: Fact) -> Fact:
    if not isinstance(old, SearchedV1):
        raise TypeError(old.type_name)
    return Searched(visit=old.visit, query=old.query, results=old.results, found=len(old.results), at=old.at)


def _chat_started(old: Fact) -> Fact:
    if not isinstance(old, ChatStartedV1):
        raise TypeError(old.type_name)
    return ChatStarted(visit=old.visit, at=old.at)


UPCASTERS: Mapping[str, Callable[[Fact], Fact]] = {
    IncidentReopenedV1.type_name: _reopened,
    CallOutcomeSetV1.type_name: _outcome_set,
    CallbackCancelledV1.type_name: _cancelled,
    SearchedV1.type_name: _searched,
    ChatStartedV1.type_name: _chat_started,
}
"""Old type name → the next version of it."""
