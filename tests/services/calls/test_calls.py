"""Calls: strict with people, patient with telephone systems; a call is linked like any interaction."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.call import CallAnswered, CallAttached, CallEnded, CallNoted, CallOutcomeSet, CallStarted
from schemas.facts.customer import CustomerRegistered
from schemas.facts.incident import IncidentMerged, InteractionLinked, Reason
from schemas.facts.interaction import InteractionReceived, InteractionSent
from schemas.ids import call_id, scoped_id
from schemas.interaction import CallSignalKind, Channel, Direction
from services.calls.decide import interaction_of
from services.calls.requests import ChangeCall, StartCall
from services.customers.requests import AddAddress
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import NOON, mail, signal, uid

__all__ = ["commands", "taking"]

STARTED, ANSWERED, ENDED = CallSignalKind.STARTED, CallSignalKind.ANSWERED, CallSignalKind.ENDED


def of(taking, *kinds):
    return [fact for fact in taking.facts() if isinstance(fact, kinds)]


def life(taking):
    return [type(fact).__name__ for fact in of(taking, CallStarted, CallAnswered, CallEnded)]


async def test_a_signalled_call_lives_and_opens_an_incident(taking):
    await taking.take(signal("c1", STARTED), signal("c1", ANSWERED, minute=1), signal("c1", ENDED, minute=5))
    assert life(taking) == ["CallStarted", "CallAnswered", "CallEnded"]
    (link,) = of(taking, InteractionLinked)
    (attached,) = of(taking, CallAttached)
    call = scoped_id("call", "main", "c1")
    assert (link.interaction, link.channel, link.starts_contact) == (interaction_of(call), Channel.PHONE, True)
    assert (attached.call, attached.incident, attached.number) == (call, link.incident, 1)
    (received,) = of(taking, InteractionReceived)
    assert (received.contact, received.call) == (call, call)


async def test_repeated_signals_are_harmless(taking):
    await taking.take(signal("c1", STARTED), signal("c1", STARTED), signal("c1", ANSWERED))
    await taking.take(signal("c1", ANSWERED), signal("c1", ENDED))
    assert life(taking) == ["CallStarted", "CallAnswered", "CallEnded"]


@pytest.mark.parametrize(
    "order",
    [(ANSWERED, STARTED, ENDED), (ENDED, ANSWERED, STARTED), (ENDED, STARTED, ANSWERED), (ANSWERED, ENDED, STARTED)],
)
async def test_signals_in_any_order_make_one_whole_call(taking, order):
    for kind in order:
        await taking.take(signal("c1", kind))
    assert sorted(life(taking)) == ["CallAnswered", "CallEnded", "CallStarted"]
    assert len(of(taking, InteractionReceived)) == 1


async def test_equal_ids_of_two_lines_are_two_calls(taking):
    await taking.take(signal("c1", STARTED, line="a"), signal("c1", STARTED, "+5355500002", line="b"))
    assert len(of(taking, CallStarted)) == 2


async def test_a_number_that_an_agent_gave_a_customer_finds_their_incident(taking, commands):
    await taking.take(mail("m1", subject="Printer"))
    (link,) = of(taking, InteractionLinked)
    (registered,) = of(taking, CustomerRegistered)
    customer = registered.customer
    await commands.run(AddAddress(customer=customer, address="+53 5550 0001"), by="eva")
    await taking.take(signal("c1", STARTED))
    by_phone = of(taking, InteractionLinked)[-1]
    assert (by_phone.incident, by_phone.reason) == (link.incident, Reason.SAME_CUSTOMER)


async def test_two_anonymous_callers_are_two_people(taking, commands):
    one = await commands.run(StartCall(direction=Direction.IN, phone="anonymous"), by="eva")
    two = await commands.run(StartCall(direction=Direction.IN, phone="anonymous"), by="eva")
    assert (one.number, two.number) == (1, 2)


async def test_an_agent_takes_a_call_down(taking, commands):
    started = await commands.run(
        StartCall(direction=Direction.IN, phone="+5355500001", external_id="x1", started_at=NOON), by="eva"
    )
    await commands.run(ChangeCall(call=started.subject, answered_at=NOON, notes="angry"), by="eva")
    await commands.run(
        ChangeCall(call=started.subject, ended_at=NOON + timedelta(minutes=3), outcome="calmed"), by="eva"
    )
    assert [
        type(fact).__name__ for fact in of(taking, CallStarted, CallAnswered, CallNoted, CallEnded, CallOutcomeSet)
    ] == [
        "CallStarted",
        "CallAnswered",
        "CallNoted",
        "CallEnded",
        "CallOutcomeSet",
    ]
    assert of(taking, CallNoted)[0].personal.text == "angry"


async def test_people_may_not_contradict_themselves(taking, commands):
    start = StartCall(direction=Direction.IN, phone="+5355500001", external_id="x1", started_at=NOON)
    call = (await commands.run(start, by="eva")).subject
    with pytest.raises(ConflictError):
        await commands.run(start, by="eva")
    with pytest.raises(InvalidError):
        await commands.run(ChangeCall(call=call, answered_at=NOON - timedelta(minutes=1)), by="eva")
    await commands.run(ChangeCall(call=call, answered_at=NOON), by="eva")
    with pytest.raises(ConflictError):
        await commands.run(ChangeCall(call=call, answered_at=NOON), by="eva")
    with pytest.raises(InvalidError):
        await commands.run(ChangeCall(call=call, ended_at=NOON - timedelta(minutes=1)), by="eva")
    await commands.run(ChangeCall(call=call, ended_at=NOON), by="eva")
    with pytest.raises(ConflictError):
        await commands.run(ChangeCall(call=call, ended_at=NOON, notes="x"), by="eva")
    assert of(taking, CallNoted) == []  # all of it or nothing
    with pytest.raises(NotFoundError):
        await commands.run(ChangeCall(call=uid("none"), notes="x"), by="eva")


async def test_an_outgoing_call_belongs_to_the_incident_it_was_made_for(taking, commands):
    await taking.take(mail("m1", subject="Printer"))
    done = await commands.run(StartCall(direction=Direction.OUT, phone="+5355500009", incident=1), by="eva")
    assert done.number == 1
    (sent,) = of(taking, InteractionSent)
    link = of(taking, InteractionLinked)[-1]
    assert (sent.channel, link.direction, link.reason, link.starts_contact) == (
        Channel.PHONE,
        Direction.OUT,
        Reason.AGENT,
        False,
    )


async def test_attaching_a_call_takes_the_incident_it_alone_had_opened_along(taking, commands):
    await taking.take(mail("m1", subject="Printer"), signal("c1", STARTED))
    call = scoped_id("call", "main", "c1")
    done = await commands.run(ChangeCall(call=call, incident=1), by="eva")
    assert done.number == 1
    (merged,) = of(taking, IncidentMerged)
    assert [fact.number for fact in of(taking, CallAttached)] == [2, 1]
    assert merged.into == of(taking, CallAttached)[-1].incident


async def test_attaching_a_call_that_shares_its_incident_moves_only_the_call(taking, commands):
    await taking.take(mail("m1", subject="Printer"), signal("c1", STARTED), signal("c2", STARTED))
    assert len({fact.incident for fact in of(taking, CallAttached)}) == 1
    await commands.run(ChangeCall(call=scoped_id("call", "main", "c2"), incident=1), by="eva")
    assert of(taking, IncidentMerged) == []
    assert of(taking, InteractionLinked)[-1].interaction == interaction_of(scoped_id("call", "main", "c2"))


async def test_a_call_that_a_program_reports_is_never_one_of_a_line_called_api(commands):
    done = await commands.run(StartCall(direction=Direction.IN, phone="+53 5550 0001", external_id="7"), by="eva")
    assert done.subject != call_id("api", "7")
