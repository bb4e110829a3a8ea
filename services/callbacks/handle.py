"""Call-me-back requests: load, decide, into the working set. Called by `services/commands.py` and by calls."""

from __future__ import annotations

from uuid import UUID

from eventstore.ledger import Cause
from schemas.errors import ConflictError, NotFoundError
from schemas.facts import stream_id
from schemas.facts.callback import CallbackRequested
from services.callbacks import decide
from services.callbacks.requests import (
    CallbackRequest,
    CancelCallback,
    FinishCallback,
    ReleaseCallback,
    RescheduleCallback,
    TakeCallback,
)
from services.callbacks.state import Callback
from services.desk import Desk, Done
from services.incidents import loading
from services.request import Request


def handle(desk: Desk, request: CallbackRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    callback = find(desk, request.callback)
    match request:
        case TakeCallback():
            facts = decide.take(callback, request)
        case ReleaseCallback():
            facts = decide.release(callback, request)
        case RescheduleCallback():
            facts = decide.reschedule(callback, request)
        case FinishCallback():
            if request.call is not None:
                loading.load_calls(desk.connection, desk.known, [request.call])
                if request.call not in desk.known.calls:
                    raise NotFoundError("there is no such call")
            facts = decide.finish(callback, request)
        case CancelCallback():
            facts = decide.cancel(callback, request)
    desk.known.record(facts, Cause(request.id, callback.incident))
    if facts and isinstance(request, RescheduleCallback):
        now = desk.known.callbacks[callback.id]
        back = RescheduleCallback(callback=now.id, since=callback.since, until=callback.until, was=now.since)
        return Done(subject=callback.id, inverse=(back,))
    goes_back = facts and isinstance(request, TakeCallback | FinishCallback | CancelCallback)
    left = desk.known.callbacks[callback.id]
    inverse = (ReleaseCallback(callback=left.id, was=left.standing, whose=left.by),) if goes_back else ()
    return Done(subject=callback.id, inverse=inverse)


def find(desk: Desk, callback: UUID) -> Callback:
    """A call-me-back. Raises NotFoundError."""
    loading.load_callbacks(desk.connection, desk.known, [callback])
    found = desk.known.callbacks.get(callback)
    if found is None or not desk.sees(found.incident):
        raise NotFoundError("there is no such call-me-back")
    return found


def number_of(desk: Desk, callback: Callback) -> str:
    """The number to call, as it was written, out of the fact. Raises ConflictError once the person was erased."""
    stream = stream_id("callback", callback.id)
    facts = desk.ledger.load(desk.connection, [stream])[stream].facts
    wish = next((fact.personal for fact in facts if isinstance(fact, CallbackRequested)), None)
    if wish is None:
        raise ConflictError("this person was erased: there is no number any more")
    return wish.phone


def call_ended(desk: Desk, call: UUID, request: Request) -> None:
    """A call that was answered has ended: if it was made for a call-me-back, that is done."""
    loading.load_callbacks(desk.connection, desk.known, calls=[call])
    for callback in [one for one in desk.known.callbacks.values() if one.call == call]:
        desk.known.record(decide.called(callback, call, request), Cause(request.id, callback.incident))
