"""Requests about muted addresses: load, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from uuid import UUID

from eventstore.keys import is_destroyed
from eventstore.ledger import Cause
from schemas.address import parse_address
from services.desk import Desk, Done
from services.incidents import loading
from services.muting import decide, tables
from services.muting.requests import MuteAgain, MuteRequest, Resubscribe, Unmute, Unsubscribe


def handle(desk: Desk, request: MuteRequest) -> Done:
    """Decide a request. Raises InvalidError, ConflictError."""
    if isinstance(request, MuteAgain):
        tables.load(desk.connection, desk.known, [request.address])
        desk.known.record(decide.mute_again(desk.known.mutes[request.address], request), Cause(request.id))
        return Done(subject=request.address)
    if isinstance(request, Unsubscribe | Resubscribe):
        return _by_its_reader(desk, request)
    address = _address(desk, request)
    tables.load(desk.connection, desk.known, [address])
    mute = desk.known.mutes[address]
    desk.known.record(decide.unmute(address, mute, request), Cause(request.id))
    assert mute is not None  # noqa: S101 -- else it was refused
    back = MuteAgain(
        address=address, reason=mute.reason, status=mute.status, interaction=mute.interaction, since=mute.since
    )
    return Done(subject=address, inverse=(back,))


def _by_its_reader(desk: Desk, request: Unsubscribe | Resubscribe) -> Done:
    """Nothing of somebody erased: who writes from there again is somebody new."""
    if is_destroyed(desk.connection, request.address):
        return Done(subject=request.address)
    tables.load(desk.connection, desk.known, [request.address])
    mute = desk.known.mutes[request.address]
    facts = decide.unsubscribe(mute, request) if isinstance(request, Unsubscribe) else decide.resubscribe(mute, request)
    desk.known.record(facts, Cause(request.id))
    return Done(subject=request.address, changed=len(facts))


def _address(desk: Desk, request: Unmute) -> UUID:
    text = parse_address(request.address)
    ((address, _),) = loading.current(desk.connection, {desk.reader.id_of(text): text}).items()
    return address
