"""Call-me-back: a wish becomes an interaction, an incident and something to do; the call made for it finishes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.call import CallStarted
from schemas.facts.callback import (
    CallbackCancelled,
    CallbackDone,
    CallbackReleased,
    CallbackRequested,
    CallbackRescheduled,
    CallbackTaken,
    Wish,
)
from schemas.facts.incident import IncidentOpened, InteractionLinked, Reason
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Channel, Direction, Hints, Interaction, Party, Window
from services.callbacks import decide
from services.callbacks.requests import (
    CancelCallback,
    FinishCallback,
    ReleaseCallback,
    RescheduleCallback,
    TakeCallback,
)
from services.callbacks.state import Callback, evolve, requested
from services.calls.requests import ChangeCall, StartCall
from services.customers.requests import ErasePerson
from services.undo import Undo
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import NOON, mail, uid

__all__ = ["commands", "taking"]

ID, CALL = uid("callback"), uid("call")
SINCE, UNTIL = NOON + timedelta(hours=2), NOON + timedelta(hours=4)

REQUESTED = CallbackRequested(
    callback=ID,
    incident=uid("incident"),
    address=uid("address"),
    since=SINCE,
    until=UNTIL,
    time_zone="America/Havana",
    at=NOON,
)
TAKEN = CallbackTaken(callback=ID, by="eva", at=NOON)
RELEASED = CallbackReleased(callback=ID, by="eva", at=NOON)
DONE = CallbackDone(callback=ID, by="eva", at=NOON)
CANCELLED = CallbackCancelled(callback=ID, by="eva", at=NOON)


def given(*facts) -> Callback:
    callback = requested(REQUESTED)
    for fact in facts:
        callback = evolve(callback, fact)
    return callback


def asking(kind, by: str = "eva", **more):
    return kind(callback=ID, by=by, now=NOON, **more)


def wish(name: str = "w1", phone: str = "+5355500001", about: str = "La factura") -> Interaction:
    return Interaction(
        id=uid(name),
        channel=Channel.PHONE,
        sender=Party(address=f"phone:{phone}", name="Ana"),
        subject="Llámenme: mañana",
        text=about,
        thread=uid(name),
        contact=uid(name),
        occurred_at=NOON,
        received_at=NOON,
        language="es",
        hints=Hints(callback=Window(SINCE, UNTIL, "America/Havana")),
    )


def test_it_is_taken_once_and_by_one():
    assert decide.take(given(), asking(TakeCallback)) == [TAKEN]
    assert decide.take(given(TAKEN), asking(TakeCallback)) == []
    with pytest.raises(ConflictError, match="eva has taken it"):
        decide.take(given(TAKEN), asking(TakeCallback, by="luis"))
    assert decide.take(given(TAKEN, RELEASED), asking(TakeCallback)) == [TAKEN]


def test_whoever_is_there_may_put_it_back():
    back = CallbackReleased(callback=ID, by="luis", at=NOON)
    assert decide.release(given(TAKEN), asking(ReleaseCallback, by="luis")) == [back]
    with pytest.raises(ConflictError):
        decide.release(given(), asking(ReleaseCallback))


@pytest.mark.parametrize("over", [DONE, CANCELLED])
def test_what_was_over_by_mistake_goes_back_on_the_list(over):
    assert decide.release(given(TAKEN, over), asking(ReleaseCallback)) == [RELEASED]
    assert given(TAKEN, over, RELEASED) == given()


def test_another_window_can_be_agreed_but_not_one_that_makes_no_sense():
    hour = timedelta(hours=1)
    moved = CallbackRescheduled(callback=ID, since=UNTIL, until=UNTIL + hour, by="eva", at=NOON)
    assert decide.reschedule(given(), asking(RescheduleCallback, since=UNTIL, until=UNTIL + hour)) == [moved]
    assert decide.reschedule(given(), asking(RescheduleCallback, since=SINCE, until=UNTIL)) == []
    for since, until in ((UNTIL, SINCE), (UNTIL, UNTIL), (NOON - 3 * hour, NOON - hour)):
        with pytest.raises(InvalidError):
            decide.reschedule(given(), asking(RescheduleCallback, since=since, until=until))


@pytest.mark.parametrize("over", [DONE, CANCELLED])
def test_what_is_over_is_over(over):
    window = {"since": UNTIL, "until": UNTIL + timedelta(hours=1)}
    for ask in (
        lambda callback: decide.take(callback, asking(TakeCallback)),
        lambda callback: decide.reschedule(callback, asking(RescheduleCallback, **window)),
        lambda callback: decide.finish(callback, asking(FinishCallback)),
        lambda callback: decide.cancel(callback, asking(CancelCallback)),
    ):
        with pytest.raises(ConflictError):
            ask(given(TAKEN, over))


def test_only_the_last_call_made_for_it_finishes_it():
    calling = CallbackTaken(callback=ID, call=CALL, by="eva", at=NOON)
    done = CallbackDone(callback=ID, call=CALL, by="eva", at=NOON)
    assert decide.called(given(calling), CALL, asking(FinishCallback)) == [done]
    assert decide.called(given(calling), uid("another"), asking(FinishCallback)) == []
    assert decide.called(given(calling, CANCELLED), CALL, asking(FinishCallback)) == []


def of(taking, *kinds):
    return [fact for fact in taking.facts() if isinstance(fact, kinds)]


async def test_a_wish_opens_an_incident_and_is_an_interaction_of_the_phone(taking):
    await taking.take(wish())
    (opened,) = of(taking, IncidentOpened)
    (received,) = of(taking, InteractionReceived)
    (link,) = of(taking, InteractionLinked)
    (asked,) = of(taking, CallbackRequested)
    assert (received.channel, link.starts_contact, link.incident) == (Channel.PHONE, True, opened.incident)
    assert (asked.callback, asked.incident, asked.since, asked.until) == (uid("w1"), opened.incident, SINCE, UNTIL)
    assert asked.personal == Wish(name="Ana", phone="+5355500001", text="La factura")


async def test_a_wish_without_words_keeps_none(taking):
    await taking.take(wish(about="Llámenme: mañana"))
    assert of(taking, CallbackRequested)[0].personal == Wish(name="Ana", phone="+5355500001")


async def test_the_same_wish_twice_is_one(taking):
    await taking.take(wish(), wish())
    await taking.take(wish())
    assert len(of(taking, CallbackRequested)) == 1


async def test_a_number_somebody_typed_joins_nothing_of_its_owner_s(taking, commands):
    await commands.run(StartCall(direction=Direction.IN, phone="+5355500001"), by="eva")
    await taking.take(wish())
    assert of(taking, CallbackRequested)[0].incident != of(taking, InteractionLinked)[0].incident
    assert of(taking, InteractionLinked)[1].reason is Reason.NEW


async def test_the_call_made_for_it_dials_its_number_joins_its_incident_and_finishes_it(taking, commands):
    await taking.take(mail("m1", subject="Printer"), wish())
    started = await commands.run(StartCall(direction=Direction.OUT, callback=uid("w1")), by="eva")
    (call,) = of(taking, CallStarted)
    assert (started.number, call.personal.text, call.direction) == (2, "phone:+5355500001", Direction.OUT)
    assert of(taking, CallbackTaken)[0].call == started.subject
    await commands.run(ChangeCall(call=started.subject, answered_at=call.at), by="eva")
    assert of(taking, CallbackDone) == []
    await commands.run(ChangeCall(call=started.subject, ended_at=call.at), by="eva")
    assert [(fact.call, fact.by) for fact in of(taking, CallbackDone)] == [(started.subject, "eva")]


async def test_a_call_that_nobody_answers_leaves_it_to_be_done(taking, commands):
    await taking.take(wish())
    started = await commands.run(StartCall(direction=Direction.OUT, callback=uid("w1")), by="eva")
    await commands.run(ChangeCall(call=started.subject, ended_at=of(taking, CallStarted)[0].at), by="eva")
    assert of(taking, CallbackDone) == []
    again = await commands.run(StartCall(direction=Direction.OUT, callback=uid("w1")), by="eva")
    assert of(taking, CallbackTaken)[-1].call == again.subject


async def test_nobody_calls_for_what_another_has_taken(taking, commands):
    await taking.take(wish())
    await commands.run(TakeCallback(callback=uid("w1")), by="luis")
    with pytest.raises(ConflictError):
        await commands.run(StartCall(direction=Direction.OUT, callback=uid("w1")), by="eva")
    assert of(taking, CallStarted) == []
    with pytest.raises(NotFoundError):
        await commands.run(TakeCallback(callback=uid("none")), by="eva")
    with pytest.raises(NotFoundError):
        await commands.run(FinishCallback(callback=uid("w1"), call=uid("none")), by="eva")


async def test_undo_takes_back_one_s_own_taking_and_not_another_s(taking, commands):
    await taking.take(wish())
    callback = uid("w1")
    mine = await commands.run(TakeCallback(callback=callback), by="eva")
    await commands.run(ReleaseCallback(callback=callback), by="eva")
    await commands.run(TakeCallback(callback=callback), by="luis")
    with pytest.raises(ConflictError, match="changed since"):
        await commands.run(Undo(undo=mine.undo), by="eva")
    assert len(of(taking, CallbackReleased)) == 1


async def test_an_erased_person_can_not_be_called(taking, commands):
    await taking.take(wish())
    await commands.run(ErasePerson(customer=of(taking, IncidentOpened)[0].customer), by="eva")
    with pytest.raises(ConflictError, match="erased"):
        await commands.run(StartCall(direction=Direction.OUT, callback=uid("w1")), by="eva")
    assert of(taking, CallbackRequested)[0].personal is None


def test_why_it_was_called_off_is_sealed_with_the_key_of_whom_it_is_about():
    (cancelled,) = decide.cancel(given(TAKEN), asking(CancelCallback, reason="Ana moved"))
    assert (cancelled.address, cancelled.personal.text) == (REQUESTED.address, "Ana moved")
