"""Call requests: load, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from eventstore import received
from eventstore.ledger import Cause
from schemas.address import anonymous_phone, phone_address
from schemas.errors import ConflictError, NotFoundError
from schemas.facts.incident import IncidentMerged, InteractionLinked, Reason
from schemas.ids import call_id, utc
from schemas.interaction import Interaction, Party
from services.callbacks import decide as callbacks_decide
from services.callbacks import handle as callbacks
from services.callbacks.state import Callback
from services.calls import decide
from services.calls.requests import CallRequest, ChangeCall, StartCall
from services.calls.state import Call
from services.desk import Desk, Done
from services.incidents import batch, loading, regroup
from services.incidents.decide import stored
from services.incidents.handle import links_of_family, put_part, working
from services.incidents.indexing import move
from services.incidents.requests import Move
from services.incidents.state import Incident

_LINE = "/api"  # the scope of ids that programs give to calls they report themselves; no line can be called that
_HIDDEN = frozenset({"", "anonymous", "unknown", "unavailable", "private"})


def handle(desk: Desk, request: CallRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    return _start(desk, request) if isinstance(request, StartCall) else _change(desk, request)


def _start(desk: Desk, request: StartCall) -> Done:
    call = call_id(_LINE, request.external_id) if request.external_id else request.id
    loading.load_calls(desk.connection, desk.known, [call])
    if call in desk.known.calls:
        raise ConflictError("this call has started already", field="call_id")
    wish = None if request.callback is None else callbacks.find(desk, request.callback)
    taken = [] if wish is None else callbacks_decide.take_to_call(wish, call, request)
    party = _party(request.phone or ("" if wish is None else callbacks.number_of(desk, wish)), call)
    begun = decide.begin(
        call,
        party,
        desk.reader.id_of(party.address),
        direction=request.direction,
        line="",
        agent=request.by,
        at=utc(request.started_at or request.answered_at or request.now),
    )
    contact = decide.contact(
        begun,
        party,
        received_at=request.now,
        by=request.by,
        incident=_about(desk, request, wish),
        fresh=request.fresh and wish is None,
        subject=stored(request.subject),
    )
    _take_in(desk, contact)
    arrival = desk.reader.read(contact, direction=request.direction, started=begun)
    arrival = arrival.under(loading.load_renewed(desk.connection, list(arrival.everyone)))
    loading.load_for(desk.connection, desk.known, [arrival])
    incident = batch.take(arrival, desk.known, desk.rules, now=request.now)
    if request.answered_at is not None:
        answered = decide.answer(desk.known.calls[call], request.by, utc(request.answered_at))
        desk.known.record([answered], Cause(request.id, incident))
    desk.known.record(taken, Cause(request.id, incident))
    return Done(subject=call, number=desk.known.incidents[incident].number if incident else None)


def _about(desk: Desk, request: StartCall, wish: Callback | None) -> UUID | None:
    if request.incident is not None:
        return working(desk, request.incident).id
    return None if wish is None else wish.incident


def _take_in(desk: Desk, contact: Interaction) -> None:
    """It is on no log: the audit finds it here."""
    desk.connection.execute(
        "INSERT INTO inbox (id, channel, outcome) VALUES (%s, %s, 'recorded')", (contact.id, contact.channel.value)
    )
    received.count(desk.connection, received.COMMAND, {contact.channel.value: 1})


def _party(phone: str, call: UUID) -> Party:
    if phone.strip().lower() in _HIDDEN:
        return Party(address=anonymous_phone(call))
    return Party(address=phone_address(phone), proven=True)  # an agent speaks with them


def _change(desk: Desk, request: ChangeCall) -> Done:
    loading.load_calls(desk.connection, desk.known, [request.call])
    call = desk.known.calls.get(request.call)
    if call is None:
        raise NotFoundError("there is no such call")
    desk.known.record(decide.change(call, _in_utc(request)), Cause(request.id, call.incident))
    if request.ended_at is not None and desk.known.calls[call.id].answered_at is not None:
        callbacks.call_ended(desk, call.id, request)
    if request.incident is not None:
        _attach(desk, call, working(desk, request.incident), request)
    elif call.incident is not None:
        loading.load_incidents(desk.connection, desk.known, [call.incident])
    incident = desk.known.calls[call.id].incident
    return Done(subject=call.id, number=desk.known.incidents[incident].number if incident else None)


def _attach(desk: Desk, call: Call, target: Incident, request: ChangeCall) -> None:
    """The call belongs there. An incident that the call alone had opened goes with it; else the call is moved."""
    cause = Cause(request.id, target.id)
    known = desk.known
    loading.load_incidents(desk.connection, known, [call.incident] if call.incident else [])
    source = known.incidents[call.incident] if call.incident else None
    if source is not None and known.root(source.id) != target.id:
        links = links_of_family(desk, source.id)
        link = links.get(call.interaction)
        if link is not None and len(links) == 1 and source.merged_into is None:
            known.record(
                [
                    IncidentMerged(
                        incident=source.id, into=target.id, reason=Reason.AGENT, by=request.by, at=request.now
                    )
                ],
                cause,
            )
        elif link is not None:
            _move(desk, source, target, link, request, cause)
    known.record(decide.attach(call, target.id, target.number, request), cause)


def _move(
    desk: Desk, source: Incident, target: Incident, link: InteractionLinked, request: ChangeCall, cause: Cause
) -> None:
    moving = Move(
        incident=source.number, interaction=link.interaction, to=target.number, by=request.by, now=request.now
    )
    desk.known.record(regroup.move(target, {link.interaction: link}, {}, moving), cause)
    move(link.interaction, target.id, desk.known)
    put_part(desk, link, target.id, frozenset())


def _in_utc(request: ChangeCall) -> ChangeCall:
    return replace(
        request,
        answered_at=utc(request.answered_at) if request.answered_at else None,
        ended_at=utc(request.ended_at) if request.ended_at else None,
    )
