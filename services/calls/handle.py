"""Call requests: load, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from eventstore import received
from eventstore.ledger import Cause
from schemas.address import anonymous_phone, phone_address
from schemas.errors import ConflictError, NotFoundError
from schemas.facts import stream_id
from schemas.facts.call import CallAnswered, CallEnded, CallParted, CallStarted
from schemas.ids import call_id, utc
from schemas.interaction import Direction, Interaction, Party
from services.callbacks import decide as callbacks_decide
from services.callbacks import handle as callbacks
from services.callbacks.state import Callback
from services.calls import decide, same
from services.calls.requests import CallRequest, ChangeCall, StartCall
from services.calls.state import Call
from services.desk import Desk, Done, Inverse
from services.incidents import batch, grouping, leads, links, loading
from services.incidents.decide import stored
from services.incidents.lookup import find, working
from services.incidents.requests import Merge, Move, Unmerge
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
    at = utc(request.started_at or request.answered_at or request.now)
    address = next(iter(loading.current(desk.connection, {desk.reader.id_of(party.address): ""})))
    reported = _reported(desk, request, call, address, at)
    if reported is not None:
        mine = [] if wish is None else callbacks_decide.take_to_call(wish, reported.id, request)
        desk.known.record(mine, Cause(request.id, reported.incident))
        return _written_down(desk, reported, request, wish)
    begun = decide.begin(
        call,
        party,
        desk.reader.id_of(party.address),
        direction=request.direction,
        line="",
        agent=request.by,
        at=at,
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
    if request.direction is Direction.OUT and not request.external_id:
        same.lead(desk.known, same.keys(desk.reader, call, address)[1], call, incident)
    if request.answered_at is not None:
        answered = decide.answer(desk.known.calls[call], request.by, utc(request.answered_at))
        desk.known.record([answered], Cause(request.id, incident))
    desk.known.record(taken, Cause(request.id, incident))
    return Done(subject=call, number=desk.known.incidents[incident].number if incident else None)


def _reported(desk: Desk, request: StartCall, call: UUID, address: UUID, at: datetime) -> Call | None:
    """The call that a telephone system tells of already, identified as what the agent writes down now."""
    if request.direction is not Direction.OUT or request.external_id:
        return None
    told = same.keys(desk.reader, call, address)[2]
    leads.load_threads(desk.connection, desk.known, [told])
    led = desk.known.threads[told].interaction if told in desk.known.threads else call
    loading.load_calls(desk.connection, desk.known, [led])
    found = desk.known.calls.get(led)
    identified = same.logged(found, call, request, at) if found is not None else None
    if found is None or identified is None:
        return None
    loading.load_incidents(desk.connection, desk.known, [found.incident] if found.incident else [])
    if request.fresh and found.incident is not None and links.count(desk, found.incident) > 1:
        return None  # it is about nothing there is yet, but this one joined something
    desk.known.record([identified], Cause(request.id, found.incident))
    return desk.known.calls[found.id]


def _written_down(desk: Desk, call: Call, request: StartCall, wish: Callback | None) -> Done:
    """What the agent knows of it: what it is about, that they talk."""
    about = wish.incident if wish is not None else None
    if about is not None:
        loading.load_incidents(desk.connection, desk.known, [about])
    number = desk.known.incidents[desk.known.root(about)].number if about is not None else request.incident
    answered = request.answered_at if call.answered_at is None else None
    change = ChangeCall(
        call=call.id,
        answered_at=answered,
        notes=request.subject or None,
        incident=number,
        by=request.by,
        now=request.now,
    )
    return replace(_change(desk, change), inverse=())


def _part(desk: Desk, call: Call, request: ChangeCall) -> None:
    """Two calls: what came second begins now, with what is known of both."""
    twin = call.twin
    if twin is None:
        raise ConflictError("it is one call, and came once")
    first = desk.ledger.part(desk.connection, stream_id("call", call.id), after=0, until=1)
    phone = next((fact.personal.text for fact in first if isinstance(fact, CallStarted) and fact.personal), None)
    if phone is None:
        raise ConflictError("this person was erased")
    cause = Cause(request.id, call.incident)
    parted = CallParted(call=call.id, other=twin.other, by=request.by, at=request.now)
    desk.known.record([parted], cause)
    party = Party(address=phone, proven=True)
    begun = decide.begin(
        twin.other,
        party,
        call.address,
        direction=call.direction,
        line="" if call.line else twin.line,
        agent=twin.agent,
        at=twin.began_at,
    )
    contact = decide.contact(begun, party, received_at=request.now, by=twin.agent, incident=call.incident)
    _take_in(desk, contact)
    arrival = desk.reader.read(contact, direction=call.direction, started=begun)
    arrival = arrival.under(loading.load_renewed(desk.connection, list(arrival.everyone)))
    loading.load_for(desk.connection, desk.known, [arrival])
    batch.take(arrival, desk.known, desk.rules, now=request.now)
    if call.answered_at is not None:
        desk.known.record([CallAnswered(call=twin.other, agent=twin.agent, at=call.answered_at)], cause)
    if call.ended_at is not None:
        desk.known.record([CallEnded(call=twin.other, at=call.ended_at)], cause)
    alias = same.keys(desk.reader, twin.other, call.address)[0]
    same.lead(desk.known, alias, twin.other, call.incident)


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
    if request.apart:
        _part(desk, call, request)
    if request.ended_at is not None and desk.known.calls[call.id].answered_at is not None:
        callbacks.call_ended(desk, call.id, request)
    inverse: tuple[Inverse, ...] = ()
    if request.incident is not None:
        # what is undone goes back to where it was, also to what is read as part of another
        to = working(desk, request.incident) if request.was is UNSET else _still(desk, call, request)
        inverse = _attach(desk, call, to, request)
    elif call.incident is not None:
        loading.load_incidents(desk.connection, desk.known, [call.incident])
    incident = desk.known.calls[call.id].incident
    number = desk.known.incidents[incident].number if incident else None
    return Done(subject=call.id, number=number, inverse=inverse)


def _still(desk: Desk, call: Call, request: ChangeCall) -> Incident:
    """The incident it goes back to. Raises ConflictError where it was attached elsewhere since."""
    back, now = find(desk, request.incident or 0), find(desk, request.was or 0)
    if call.incident != now.id:
        raise ConflictError("this call was attached elsewhere since")
    return back


def _attach(desk: Desk, call: Call, target: Incident, request: ChangeCall) -> tuple[Inverse, ...]:
    """The call belongs there. An incident that the call alone had opened goes with it; else the call is moved.

    Returns what undoes it.
    """
    loading.load_incidents(desk.connection, desk.known, [call.incident] if call.incident else [])
    source = desk.known.incidents[call.incident] if call.incident else None
    inverse: tuple[Inverse, ...] = ()
    if source is not None:
        root = desk.known.incidents[desk.known.root(source.id)]
        back = ChangeCall(call=call.id, incident=source.number, was=target.number)
        if root.id != target.id and links.places_in(desk, [call.interaction], source.id):
            inverse = _regroup(desk, call, root, target, request)
        inverse = (*inverse, back) if source.id != target.id else ()
    desk.known.record(decide.attach(call, target.id, target.number, request), Cause(request.id, target.id))
    return inverse


def _regroup(desk: Desk, call: Call, root: Incident, target: Incident, request: ChangeCall) -> tuple[Inverse, ...]:
    if links.count(desk, root.id) == 1 and root.id == call.incident:
        merge = Merge(incident=target.number, sources=(root.number,), by=request.by, now=request.now)
        grouping.merging(desk, merge)
        return (Unmerge(incident=target.number, source=root.number),)
    move = Move(incident=root.number, interaction=call.interaction, to=target.number, by=request.by, now=request.now)
    return grouping.move(desk, move).inverse


def _in_utc(request: ChangeCall) -> ChangeCall:
    return replace(
        request,
        answered_at=utc(request.answered_at) if request.answered_at else None,
        ended_at=utc(request.ended_at) if request.ended_at else None,
    )
