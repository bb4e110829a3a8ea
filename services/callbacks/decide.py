"""What may happen to a call-me-back. Pure."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from msgspec import UNSET

from schemas.errors import ConflictError, InvalidError
from schemas.facts.callback import (
    CallbackCancelled,
    CallbackDone,
    CallbackReleased,
    CallbackRescheduled,
    CallbackTaken,
)
from schemas.facts.incident import Words
from schemas.ids import utc
from services.callbacks.requests import (
    CancelCallback,
    FinishCallback,
    ReleaseCallback,
    RescheduleCallback,
    TakeCallback,
)
from services.callbacks.state import Callback, CallbackFact, Standing
from services.incidents.decide import stored
from services.request import Request

WINDOW_LEAST = timedelta(minutes=15)


def take(callback: Callback, request: TakeCallback) -> list[CallbackFact]:
    """It is mine. Raises ConflictError when it is another's, or over."""
    _refuse_others(callback, request)
    if callback.standing is Standing.TAKEN:
        return []
    return [CallbackTaken(callback=callback.id, by=request.by, at=request.now)]


def take_to_call(callback: Callback, call: UUID, request: Request) -> list[CallbackFact]:
    """It is mine, and I am calling. Raises ConflictError when it is another's, or over."""
    _refuse_others(callback, request)
    return [CallbackTaken(callback=callback.id, call=call, by=request.by, at=request.now)]


def release(callback: Callback, request: ReleaseCallback) -> list[CallbackFact]:
    """Anybody may put it back, also what was called off or done by mistake. Raises ConflictError where it is."""
    if callback.standing is Standing.OPEN:
        raise ConflictError("this call-me-back is on the list already")
    if request.was not in {UNSET, callback.standing} or request.whose not in {UNSET, callback.by}:
        raise ConflictError("this call-me-back was changed since")
    return [CallbackReleased(callback=callback.id, by=request.by, at=request.now)]


def reschedule(callback: Callback, request: RescheduleCallback) -> list[CallbackFact]:
    """Another window. Raises ConflictError, InvalidError."""
    _refuse_over(callback)
    if request.was not in {UNSET, callback.since}:
        raise ConflictError("this call-me-back was changed since")
    since, until = utc(request.since), utc(request.until)
    if until - since < WINDOW_LEAST:
        raise InvalidError("a window has at least 15 minutes", field="until")
    if until <= request.now:
        raise InvalidError("this is over already", field="until")
    if (since, until) == (callback.since, callback.until):
        return []
    return [CallbackRescheduled(callback=callback.id, since=since, until=until, by=request.by, at=request.now)]


def finish(callback: Callback, request: FinishCallback) -> list[CallbackFact]:
    """They were called. Raises ConflictError when it is over already."""
    _refuse_over(callback)
    return [CallbackDone(callback=callback.id, call=request.call or callback.call, by=request.by, at=request.now)]


def cancel(callback: Callback, request: CancelCallback) -> list[CallbackFact]:
    """No call. Raises ConflictError when it is over already."""
    _refuse_over(callback)
    words = Words(text=stored(request.reason)) if request.reason else None
    return [
        CallbackCancelled(callback=callback.id, address=callback.address, by=request.by, at=request.now, personal=words)
    ]


def called(callback: Callback, call: UUID, request: Request) -> list[CallbackFact]:
    """The call made for it was answered and has ended."""
    if callback.is_over or callback.call != call:
        return []
    return [CallbackDone(callback=callback.id, call=call, by=request.by, at=request.now)]


def _refuse_over(callback: Callback) -> None:
    if callback.is_over:
        raise ConflictError(f"this call-me-back is {callback.standing}")


def _refuse_others(callback: Callback, request: Request) -> None:
    _refuse_over(callback)
    if callback.standing is Standing.TAKEN and callback.by != request.by:
        raise ConflictError(f"{callback.by} has taken it")
