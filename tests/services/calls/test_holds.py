"""On hold nobody talks: the decider, and what both read models count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from eventstore import store
from eventstore.ledger import NO_CAUSE
from projections import calls
from schemas.errors import ConflictError, InvalidError
from schemas.facts import stream_of
from schemas.facts.call import CallAnswered, CallEnded, CallHeld, CallRang, CallResumed, CallStarted
from schemas.interaction import CallSignalKind, Direction
from services.calls import decide
from services.calls.requests import ChangeCall, StartCall
from services.calls.state import Call, evolve, started
from tests.projections.views import fold_all, make_views
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import NOON, signal, uid

__all__ = ["commands", "taking"]

CALL, SOMEBODY = uid("call"), uid("somebody")


def at(minute: float):
    return NOON + timedelta(minutes=minute)


def given(*facts) -> Call:
    begun = CallStarted(call=CALL, interaction=uid("i"), direction=Direction.IN, address=SOMEBODY, at=NOON)
    call = started(begun)
    for fact in facts:
        call = evolve(call, fact)
    return call


def when(call: Call, minute: float, **what):
    return decide.change(call, ChangeCall(call=CALL, by="eva", now=at(minute), **what))


ANSWERED = CallAnswered(call=CALL, agent="eva", at=at(1))
HELD = CallHeld(call=CALL, by="eva", at=at(2))
RESUMED = CallResumed(call=CALL, by="eva", at=at(3))
ENDED = CallEnded(call=CALL, at=at(4))


def test_who_talks_can_be_put_on_hold_and_taken_off_it():
    assert when(given(ANSWERED), 2, held=True) == [HELD]
    assert when(given(ANSWERED, HELD), 3, held=False) == [RESUMED]
    assert when(given(ANSWERED, HELD, RESUMED), 5, held=True) == [CallHeld(call=CALL, by="eva", at=at(5))]


def test_a_call_can_be_answered_and_put_on_hold_at_once():
    assert when(given(), 2, answered_at=at(1), held=True) == [ANSWERED, HELD]


@pytest.mark.parametrize(
    ("facts", "held"),
    [((), True), ((ANSWERED, HELD), True), ((ANSWERED, ENDED), True), ((ANSWERED,), False), ((HELD, ENDED), False)],
)
def test_what_is_not_so_can_not_be_changed(facts, held):
    with pytest.raises(ConflictError):
        when(given(*facts), 5, held=held)


def test_a_call_can_not_end_before_it_was_put_on_hold():
    with pytest.raises(InvalidError):
        when(given(ANSWERED, HELD), 5, ended_at=at(1.5))


async def test_talk_time_leaves_holds_out_and_both_are_shown(taking, commands):
    make_views(taking.hub.database)
    start = StartCall(direction=Direction.IN, phone="+5355500001", started_at=at(0), answered_at=at(1))
    call = (await commands.run(start, by="eva")).subject
    await taking.hub.database.run(
        record,
        taking.hub.ledger,
        CallHeld(call=call, by="eva", at=at(2)),
        CallResumed(call=call, by="eva", at=at(4)),
        CallHeld(call=call, by="eva", at=at(6)),
        CallEnded(call=call, at=at(10)),
    )
    fold_all(taking.hub.database, taking.hub.keys)
    shown = await taking.hub.database.run(calls.get, call)
    assert (shown.state, shown.seconds, shown.held_seconds, shown.held_at) == ("ended", 180.0, 360.0, None)


def record(connection, ledger, *facts) -> None:
    """At their own times; a command's are the database's."""
    store.lock(connection)
    stream = stream_of(facts[0])
    ledger.record(connection, [(fact, NO_CAUSE) for fact in facts], store.versions(connection, [stream]))


async def test_an_incoming_call_rings_at_the_users_the_telephone_system_names(taking):
    rings = replace(signal("c1", CallSignalKind.STARTED), rings_at=("eva", "luis"))
    await taking.take(rings)
    (rang,) = [fact for fact in taking.facts() if isinstance(fact, CallRang)]
    assert rang == CallRang(call=rings.call, users=("eva", "luis"), at=NOON)


async def test_who_answered_already_does_not_ring_any_more(taking):
    await taking.take(signal("c1", CallSignalKind.ANSWERED))
    await taking.take(replace(signal("c1", CallSignalKind.STARTED), rings_at=("luis",)))
    assert [fact for fact in taking.facts() if isinstance(fact, CallRang)] == []
