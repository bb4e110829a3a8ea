"""A call that is logged by hand and reported by a line is one, whichever comes first, until somebody says no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from projections import calls
from schemas.errors import ConflictError
from schemas.facts.call import CallAnswered, CallEnded, CallIdentified, CallNoted, CallStarted, SameCall
from schemas.facts.callback import CallbackDone
from schemas.facts.incident import IncidentOpened
from schemas.facts.interaction import InteractionSent
from schemas.ids import scoped_id
from schemas.interaction import CallSignalKind, Direction
from services.calls.requests import ChangeCall, StartCall
from tests.projections.views import fold_all, make_views
from tests.services.callbacks.test_callbacks import wish
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import mail, signal, uid

__all__ = ["commands", "taking"]  # fixtures

STARTED, ANSWERED, ENDED = CallSignalKind.STARTED, CallSignalKind.ANSWERED, CallSignalKind.ENDED
NUMBER = "+5355500001"
TOLD = scoped_id("call", "main", "c1")
LOG = StartCall(direction=Direction.OUT, phone=NUMBER)


def of(taking, *kinds):
    return [fact for fact in taking.facts() if isinstance(fact, kinds)]


def told(kind, *, agent="eva", after=timedelta(0), number=NUMBER, **more):
    """What a line says of an outgoing call."""
    at = datetime.now(UTC) + after
    return replace(
        signal("c1", kind, number), direction=Direction.OUT, agent=agent, occurred_at=at, received_at=at, **more
    )


def shown(taking):
    """The calls as the console lists them."""
    hub = taking.hub
    make_views(hub.database)
    fold_all(hub.database, hub.keys)
    with hub.database.transaction() as connection:
        connection.execute("SET LOCAL search_path = calls, incidents, customers, public")
        return calls.find(connection).items


async def test_what_was_logged_hears_what_the_line_tells_and_keeps_its_notes(taking, commands):
    await taking.take(mail("m1", subject="Printer"))
    done = await commands.run(replace(LOG, incident=1), by="eva")
    await commands.run(ChangeCall(call=done.subject, notes="about the cable"), by="eva")
    await taking.take(told(STARTED), told(ANSWERED))
    await taking.take(told(ENDED, after=timedelta(seconds=60), outcome="normalClearing"))
    await taking.take(told(ENDED, after=timedelta(seconds=61)))
    (call,) = shown(taking)
    assert (call.id, call.number, call.state, call.line, call.same) == (done.subject, 1, "ended", "main", "same_agent")
    assert (call.notes, call.seconds > 50, call.outcome) == ("about the cable", True, "normalClearing")
    assert len(of(taking, InteractionSent)) == len(of(taking, CallStarted)) == len(of(taking, CallEnded)) == 1


async def test_what_was_reported_is_what_is_logged_then(taking, commands):
    await taking.take(mail("m1", subject="Printer"), told(STARTED, agent=""))
    done = await commands.run(replace(LOG, incident=1, subject="the cable"), by="eva")
    await taking.take(told(ANSWERED, agent=""))
    await commands.run(ChangeCall(call=done.subject, notes="about the cable"), by="eva")
    (call,) = shown(taking)
    assert (call.id, call.number, call.agent, call.same) == (TOLD, 1, "eva", "same_number")
    assert [fact.personal.text for fact in of(taking, CallNoted)] == ["the cable", "about the cable"]
    assert len(of(taking, InteractionSent)) == 1


@pytest.mark.parametrize(
    ("logged", "reported"),
    [
        ({"by": "leo"}, {}),
        ({}, {"number": "+5355500002"}),
        ({}, {"after": timedelta(minutes=6)}),
        ({"direction": Direction.IN}, {}),
        ({"external_id": "7"}, {}),
    ],
)
@pytest.mark.parametrize("first", ["logged", "reported"])
async def test_another_agent_number_time_or_way_is_another_call(taking, commands, first, logged, reported):
    by = logged.get("by", "eva")
    log = replace(LOG, **{name: value for name, value in logged.items() if name != "by"})
    if first == "logged":
        await commands.run(log, by=by)
        await taking.take(told(STARTED, **reported))
    else:
        await taking.take(told(STARTED, **reported))
        await commands.run(log, by=by)
    assert of(taking, CallIdentified) == []
    assert len(shown(taking)) == 2


async def test_who_calls_again_calls_twice(taking, commands):
    done = await commands.run(LOG, by="eva")
    await taking.take(told(STARTED))
    await taking.take(replace(told(STARTED), id=uid("again"), call=uid("c2")))
    assert len(shown(taking)) == 2
    await commands.run(ChangeCall(call=done.subject, ended_at=datetime.now(UTC)), by="eva")
    await taking.take(replace(told(STARTED, after=timedelta(seconds=30)), id=uid("third"), call=uid("c3")))
    assert len(shown(taking)) == 3


@pytest.mark.parametrize("first", ["logged", "reported"])
async def test_two_calls_after_all_go_their_own_ways(taking, commands, first):
    if first == "logged":
        kept = (await commands.run(LOG, by="eva")).subject
        await taking.take(told(STARTED))
    else:
        await taking.take(told(STARTED))
        kept = (await commands.run(LOG, by="eva")).subject
    await commands.run(ChangeCall(call=kept, notes="about the cable", apart=True), by="leo")
    await taking.take(told(ANSWERED), told(ENDED, after=timedelta(seconds=9)))
    found = {call.id: call for call in shown(taking)}
    assert len(found) == 2
    assert (found[kept].notes, found[kept].same) == ("about the cable", "")
    assert (found[TOLD].state, found[TOLD].line) == ("ended", "main")
    (other,) = (call for call in found.values() if call.id != TOLD)
    assert (other.state, other.line, other.agent) == ("ringing", "", "eva")
    assert len(of(taking, IncidentOpened)) == 1
    assert len(of(taking, CallAnswered)) == 1
    with pytest.raises(ConflictError):
        await commands.run(ChangeCall(call=kept, apart=True), by="leo")


async def test_a_call_me_back_is_done_when_the_line_tells_that_its_call_has_ended(taking, commands):
    await taking.take(wish())
    started = await commands.run(StartCall(direction=Direction.OUT, callback=uid("w1")), by="eva")
    await taking.take(told(STARTED), told(ANSWERED), told(ENDED, after=timedelta(seconds=60)))
    assert [(fact.call, fact.by) for fact in of(taking, CallbackDone)] == [(started.subject, "eva")]
    assert of(taking, CallIdentified)[0].reason is SameCall.SAME_AGENT
