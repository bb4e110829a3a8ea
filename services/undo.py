"""Taking back a command: what undoes it is kept ten minutes, for whoever gave it, to be done once.

`Commands.run` keeps it in the transaction of the command and answers with its id (`Outcome.undo`). To undo is a command
too (`Undo`): under the store's lock it runs what was kept, so that two presses at once do it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import get_args
from uuid import UUID

import msgspec

from eventstore.database import Connection
from eventstore.sight import EVERYTHING
from schemas.errors import ConflictError, NotFoundError, RefusedError
from schemas.ids import new_id
from services.callbacks import handle as callbacks
from services.callbacks.requests import ReleaseCallback, RescheduleCallback
from services.calls import handle as calls
from services.calls.requests import ChangeCall
from services.chats import handle as chats
from services.chats.requests import TakeBackTransfer
from services.customers import handle as customers
from services.customers.requests import MergeCustomers, SetOrganization, UnmergeCustomers
from services.desk import Desk, Done, Inverse, Refusal
from services.incidents import handle as incidents
from services.incidents import lookup
from services.incidents.inverse import inverse_of
from services.incidents.requests import IncidentRequest, Note, Reply, Unmerge, Withdraw
from services.muting import handle as muting
from services.muting.requests import MuteAgain
from services.organizations import handle as organizations
from services.organizations.requests import ChangeOrganization, RestoreOrganization, RetireOrganization
from services.request import Request

__all__ = ["Offer", "Undo", "done", "handle", "inverse_of", "offer", "remember"]

WITHIN = timedelta(minutes=10)
_KEPT = timedelta(hours=1)


class Undo(Request, frozen=True, kw_only=True):
    """Take back what was kept under this id."""

    undo: UUID


class Offer(msgspec.Struct, frozen=True):
    """What a screen says beside its button. `label`: the name of the request; `incidents`: how many it changed."""

    undo: UUID
    label: str
    incidents: int
    seconds_left: float


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A request with the name of its kind: the tag of the union."""

    kind: str
    request: msgspec.Raw


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_kept = msgspec.msgpack.Decoder(tuple[_Kept, ...])
_decoders: Mapping[str, Callable[[msgspec.Raw], Inverse]] = {
    kind.__name__: msgspec.msgpack.Decoder(kind).decode for kind in get_args(Inverse)
}


def remember(connection: Connection, by: str, requests: Sequence[Inverse], label: str) -> UUID:
    """Keep what undoes something, in the transaction that does it; returns what to ask for it with."""
    kept = new_id()
    connection.execute("DELETE FROM undos WHERE made_at < clock_timestamp() - %s", (_KEPT,))
    connection.execute(
        "INSERT INTO undos (id, made_by, label, requests) VALUES (%s, %s, %s, %s)", (kept, by, label, _pack(requests))
    )
    return kept


def offer(connection: Connection, undo: UUID, by: str) -> Offer | None:
    """What can still be undone under this id by this person; None: nothing."""
    row = connection.execute(
        "SELECT label, requests, extract(epoch FROM made_at + %s - clock_timestamp())::float8 FROM undos"
        " WHERE id = %s AND made_by = %s AND undone_at IS NULL AND made_at > clock_timestamp() - %s",
        (WITHIN, undo, by, WITHIN),
    ).fetchone()
    if row is None:
        return None
    label, packed, seconds_left = row
    return Offer(undo, label, len({_subject(request) for request in _unpack(packed)}), seconds_left)


def done(desk: Desk, request: IncidentRequest) -> Done:
    """Decide a request, and say what undoes it: from how things were before, under the same lock."""
    if isinstance(request, Reply | Note | Withdraw):
        return incidents.handle(desk, request)
    before = lookup.find(desk, request.incident)
    facts = len(desk.known.facts)
    did = incidents.handle(desk, request)
    if did.inverse or len(desk.known.facts) == facts:
        return did
    after = desk.known.incidents[before.id]
    return msgspec.structs.replace(did, inverse=tuple(inverse_of(request, before, after)))


def handle(desk: Desk, request: Undo) -> Done:
    """Run what was kept: once, for its maker, in time. What was changed since stays, and is named in `refused`.

    Raises NotFoundError for what never was and for other people's, ConflictError when it is too late, or when
    nothing of it can be undone any more.
    """
    row = desk.connection.execute(
        "SELECT requests, undone_at IS NOT NULL, made_at > clock_timestamp() - %s FROM undos"
        " WHERE id = %s AND made_by = %s",
        (WITHIN, request.undo, request.by),
    ).fetchone()
    if row is None:
        raise NotFoundError("there is nothing to undo here")
    packed, undone, in_time = row
    if undone:  # by the first of two presses
        return Done(subject=request.undo)
    if not in_time:
        raise ConflictError(f"it is too late: undo within {WITHIN // timedelta(minutes=1)} minutes")
    desk.connection.execute("UPDATE undos SET undone_at = clock_timestamp() WHERE id = %s", (request.undo,))
    desk.sight = EVERYTHING  # who has just given it to a closed team may take it back
    return _run(desk, request, _unpack(packed))


def _run(desk: Desk, request: Undo, requests: Sequence[Inverse]) -> Done:
    last: Done | None = None
    refused: list[Refusal] = []
    for (subject, _), steps in groupby(requests, key=_one_matter):
        try:
            for step in steps:
                last = _step(desk, msgspec.structs.replace(step, by=request.by, now=request.now))
        except RefusedError as error:
            if not all(isinstance(_subject(step), int) for step in requests):  # all of it is one matter
                raise
            assert isinstance(subject, int)  # noqa: S101 -- as all of them
            refused.append(Refusal(subject, str(error)))
    if last is None:
        raise ConflictError(f"it can't be undone any more: {refused[0].detail if refused else 'nothing is left of it'}")
    return msgspec.structs.replace(last, refused=tuple(refused))


def _step(desk: Desk, step: Inverse) -> Done:  # noqa: PLR0911 -- a category a return
    match step:
        case ReleaseCallback() | RescheduleCallback():
            return callbacks.handle(desk, step)
        case ChangeCall():
            return calls.handle(desk, step)
        case TakeBackTransfer():
            return chats.handle(desk, step)
        case MergeCustomers() | UnmergeCustomers() | SetOrganization():
            return customers.handle(desk, step)
        case MuteAgain():
            return muting.handle(desk, step)
        case ChangeOrganization() | RetireOrganization() | RestoreOrganization():
            return organizations.handle(desk, step)
        case _:
            return incidents.handle(desk, step)


def _one_matter(step: Inverse) -> tuple[int | UUID, int]:
    """Steps of one incident stand or fall together; each merge is a matter of its own."""
    return _subject(step), step.source if isinstance(step, Unmerge) else 0


def _subject(request: Inverse) -> int | UUID:  # noqa: PLR0911 -- likewise
    match request:
        case ReleaseCallback() | RescheduleCallback():
            return request.callback
        case ChangeCall():
            return request.call
        case TakeBackTransfer():
            return request.chat
        case MergeCustomers() | UnmergeCustomers() | SetOrganization():
            return request.customer
        case MuteAgain():
            return request.address
        case ChangeOrganization() | RetireOrganization() | RestoreOrganization():
            return request.organization
        case _:
            return request.incident


def _pack(requests: Sequence[Inverse]) -> bytes:
    return _encoder.encode(
        tuple(_Kept(type(request).__name__, msgspec.Raw(_encoder.encode(request))) for request in requests)
    )


def _unpack(packed: bytes) -> list[Inverse]:
    return [_decoders[kept.kind](kept.request) for kept in _kept.decode(packed)]
