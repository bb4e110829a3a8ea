"""Teams, snoozing and waking, and one command for many: pure deciders first, then on a hub that is killed and raced."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import replace

from schemas.errors import ConflictError, InvalidError
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentSnoozed,
    IncidentTeamAssigned,
    IncidentWoken,
    Priority,
    Status,
)
from schemas.interaction import Automatic
from services.access import teams, users
from services.bulk import Bulk
from services.incidents import decide, waking
from services.incidents.requests import Assign, Close, Merge, Prioritize, Resolve, Snooze, Wake
from services.incidents.state import Incident, evolve
from services.incidents.waking import Waking
from services.undo import Undo
from tests.services.incidents.test_decide import LATER, asked, closed, first, given, resolved
from tests.services.incidents.world import mail

SOON = LATER + timedelta(hours=2)
snoozed = IncidentSnoozed(incident=first.incident, until=SOON, by="eva", at=LATER)
woken = IncidentWoken(incident=first.incident, by="eva", at=LATER)
in_team = IncidentTeamAssigned(incident=first.incident, team="red", by="eva", at=LATER)


def test_a_team_and_a_person_are_given_apart():
    assigned = IncidentAssigned(incident=first.incident, to="eva", by="eva", at=LATER)
    given(first).when(decide.assign, asked(Assign, team="red")).then(in_team)
    given(first).when(decide.assign, asked(Assign, team=" red ", to="eva")).then(in_team, assigned)
    given(first, in_team).when(decide.assign, asked(Assign, team="red", to=UNSET)).then()
    given(first, in_team).when(decide.assign, asked(Assign, team=None)).then(replace(in_team, team=None))
    given(first).when(decide.assign, asked(Assign)).refused(InvalidError)
    given(first).when(decide.assign, asked(Assign, team="x" * 101)).refused(InvalidError)
    given(first, closed).when(decide.assign, asked(Assign, team="red")).refused(ConflictError)
    assert given(first, in_team).incident.status is Status.NEW  # nobody took it yet


def test_snoozing_is_until_a_time_to_come_or_until_the_customer_answers():
    given(first).when(decide.snooze, asked(Snooze, until=SOON)).then(snoozed)
    given(first).when(decide.snooze, asked(Snooze, until=None)).then(replace(snoozed, until=None))
    given(first, snoozed).when(decide.snooze, asked(Snooze, until=SOON)).then()
    given(first, snoozed).when(decide.snooze, asked(Snooze, until=None)).then(replace(snoozed, until=None))
    given(first).when(decide.snooze, asked(Snooze, until=LATER)).refused(InvalidError)
    given(first).when(decide.snooze, asked(Snooze, until=LATER + timedelta(days=367))).refused(InvalidError)
    for done in (resolved, closed):
        given(first, done).when(decide.snooze, asked(Snooze, until=SOON)).refused(ConflictError)


def test_what_is_done_sleeps_no_longer():
    for done in (resolved, closed, woken):
        state = given(first, snoozed, done).incident
        assert (state.snoozed, state.snoozed_until) == (False, None)


def test_only_what_sleeps_can_be_woken():
    asleep = given(first, snoozed).incident
    assert decide.wake(asleep, asked(Wake)) == [woken]
    with pytest.raises(ConflictError):
        decide.wake(given(first).incident, asked(Wake))
    with pytest.raises(ConflictError):
        decide.wake(asleep, asked(Wake, was=LATER))


def test_a_timer_rings_once_and_not_too_soon():
    asleep = given(first, snoozed).incident
    rung = IncidentWoken(incident=first.incident, at=SOON)
    assert decide.wake_due(asleep, SOON - timedelta(seconds=1)) == []
    assert decide.wake_due(asleep, SOON) == [rung]
    assert decide.wake_due(evolve(asleep, rung), SOON) == []
    assert decide.wake_due(given(first, replace(snoozed, until=None)).incident, SOON) == []


def of(taking, kind):
    return [fact for fact in taking.facts() if isinstance(fact, kind)]


async def state(taking, number=1):
    def read(connection):
        (packed,) = connection.execute("SELECT state FROM incident_state WHERE number = %s", (number,)).fetchone()
        return msgspec.msgpack.decode(packed, type=Incident)

    return await taking.hub.database.run(read)


async def test_what_was_snoozed_wakes_once_however_many_watch(taking, commands, until):
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"))
    now = Wake(incident=1).now
    await commands.run(Snooze(incident=1, until=now + timedelta(seconds=2)), by="eva")
    await commands.run(Snooze(incident=2, until=now + timedelta(hours=1)), by="eva")
    hub = taking.hub
    watching = [asyncio.create_task(Waking(hub.database, hub.ledger, poll_seconds=0.05).run()) for _ in range(3)]
    await until(lambda: of(taking, IncidentWoken))
    await asyncio.sleep(0.3)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    (rung,) = of(taking, IncidentWoken)
    assert (rung.interaction, rung.by) == (None, "")
    assert rung.at >= now + timedelta(seconds=2)
    assert [row[0] for row in taking.rows("snoozes")] == [(await state(taking, 2)).id]


async def test_a_timer_that_died_before_its_commit_rings_again(taking, commands):
    await taking.take(mail("m1"))
    now = Wake(incident=1).now
    await commands.run(Snooze(incident=1, until=now + timedelta(seconds=2)), by="eva")
    await asyncio.sleep(2)
    hub = taking.hub

    def die(connection):
        assert waking.wake_due(connection, hub.ledger) == 1
        raise InterruptedError  # as a kill between the writing and the commit

    with pytest.raises(InterruptedError):
        await hub.database.run(die)
    assert of(taking, IncidentWoken) == []
    assert await hub.database.run(waking.wake_due, hub.ledger) == 1
    assert await hub.database.run(waking.wake_due, hub.ledger) == 0
    assert len(of(taking, IncidentWoken)) == 1
    assert taking.rows("snoozes") == []


async def test_the_customers_words_wake_it_and_a_machines_do_not(taking, commands):
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"))
    await commands.run(Merge(incident=1, sources=(2,)), by="eva")
    await commands.run(Snooze(incident=1, until=None), by="eva")
    await taking.take(mail("robot", answers=("m1",), automatic=Automatic.REPLY))
    assert (await state(taking)).snoozed
    await taking.take(mail("m3", "leo@x.cu", answers=("m2",)))  # to what was merged into it
    (rung,) = of(taking, IncidentWoken)
    assert (rung.interaction is not None, (await state(taking)).snoozed) == (True, False)


async def test_resolving_takes_its_timer_away(taking, commands):
    await taking.take(mail("m1"))
    await commands.run(Snooze(incident=1, until=Wake(incident=1).now + timedelta(hours=1)), by="eva")
    assert len(taking.rows("snoozes")) == 1
    done = await commands.run(Resolve(incident=1), by="eva")
    assert taking.rows("snoozes") == []
    assert done.undo is not None


async def test_snoozing_and_teams_can_be_undone(taking, commands):
    await taking.take(mail("m1"))
    until = Wake(incident=1).now + timedelta(hours=1)
    await commands.run(Assign(incident=1, team="red"), by="eva")
    for request in (Snooze(incident=1, until=until), Assign(incident=1, team="blue", to="leo")):
        done = await commands.run(request, by="eva")
        await commands.run(Undo(undo=done.undo), by="eva")
    after = await state(taking)
    assert (after.snoozed, after.team, after.assignee) == (False, "red", None)
    await commands.run(Snooze(incident=1, until=until), by="eva")
    done = await commands.run(Wake(incident=1), by="eva")
    await commands.run(Undo(undo=done.undo), by="eva")
    assert (await state(taking)).snoozed_until == until


async def test_of_many_those_that_can_change_do_and_one_undo_takes_all_back(taking, commands):
    await taking.take(*(mail(f"m{n}", f"p{n}@x.cu") for n in range(1, 5)))
    await commands.run(Close(incident=3), by="leo")
    await commands.run(Assign(incident=4, to="eva"), by="leo")
    bulk = Bulk(requests=tuple(Assign(incident=n, to="eva") for n in (1, 2, 3, 4, 99)))
    done = await commands.run(bulk, by="eva")
    assert done.changed == 2  # 4 was hers already
    assert [(each.number, each.detail) for each in done.refused] == [
        (3, "incident 3 is closed: reopen it first"),
        (99, "there is no incident 99"),
    ]
    await commands.run(Undo(undo=done.undo), by="eva")
    assert [(await state(taking, n)).assignee for n in (1, 2, 3, 4)] == [None, None, None, "eva"]


async def test_many_are_merged_and_stand_alone_again(taking, commands):
    await taking.take(*(mail(f"m{n}", f"p{n}@x.cu") for n in range(1, 4)))
    done = await commands.run(Bulk(requests=tuple(Merge(incident=1, sources=(n,)) for n in (2, 3))), by="eva")
    assert done.changed == 2
    await commands.run(Undo(undo=done.undo), by="eva")
    assert [(await state(taking, n)).merged_into for n in (2, 3)] == [None, None]


async def test_the_same_bulk_with_the_same_key_is_done_once(taking, commands):
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"))

    def bulk():
        return Bulk(requests=tuple(Prioritize(incident=n, priority=Priority.HIGH) for n in (1, 2)))

    one = await commands.run(bulk(), by="eva", idempotency_key="k")
    assert await commands.run(bulk(), by="eva", idempotency_key="k") == one
    assert one.changed == 2
    with pytest.raises(InvalidError):
        await commands.run(Bulk(requests=()), by="eva")


async def test_work_is_given_to_agents_and_teams_that_there_are(taking, commands):
    await taking.take(mail("m1"))
    for nobody in (Assign(incident=1, to="evva"), Assign(incident=1, team="ned"), Assign(incident=1, to="Eva")):
        with pytest.raises(InvalidError, match="is called"):
            await commands.run(nobody, by="leo")
    await commands.run(Assign(incident=1, to="eva", team="red"), by="leo")
    taken = await commands.run(Assign(incident=1, to="leo", team=None), by="leo")
    with taking.hub.access.desk("test") as desk:
        users.disable_user(desk, "eva")
        teams.retire_team(desk, "red")
    for gone in (Assign(incident=1, to="eva"), Assign(incident=1, team="red")):
        with pytest.raises(InvalidError, match="is called"):
            await commands.run(gone, by="leo")
    await commands.run(Undo(undo=taken.undo), by="leo")  # back to how it stood
    stood = [(fact.to, fact.by) for fact in taking.facts() if isinstance(fact, IncidentAssigned)]
    assert stood == [("eva", "leo"), ("leo", "leo"), ("eva", "leo")]
