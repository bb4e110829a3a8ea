"""The stopwatch: one a user, none over night, and time spent equal to a hand count, live and rebuilt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from projections import work, workboard
from projections.work import WORK, Spent
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.incident import WorkStarted, WorkStopped
from schemas.interaction import Direction
from services.calls.requests import ChangeCall, StartCall
from services.incidents.requests import Assign, Merge
from services.rebuild import rebuild
from services.worktime import decide
from services.worktime.decide import LONGEST, Running
from services.worktime.requests import StartWork, StopWork
from tests.projections.views import fold_all, make_views, whole
from tests.services.incidents.conftest import commands, dated_commands, taking
from tests.services.incidents.world import NOON, mail, uid

__all__ = ["commands", "dated_commands", "taking"]

ONE, OTHER, RUN = uid("one"), uid("other"), uid("run")


def at(minute: float):
    return NOON + timedelta(minutes=minute)


RUNNING = Running(ONE, RUN, NOON)


def start(minute: float = 0) -> StartWork:
    return StartWork(incident=1, by="eva", now=at(minute), id=uid("new run"))


def stopped(seconds: float, minute: float, *, forgotten: bool = False) -> WorkStopped:
    return WorkStopped(incident=ONE, span=RUN, seconds=seconds, forgotten=forgotten, by="eva", at=at(minute))


def test_it_starts():
    begun = WorkStarted(incident=ONE, span=uid("new run"), by="eva", at=NOON)
    assert decide.start(None, ONE, start()) == [begun]


def test_starting_it_for_another_stops_the_first():
    begun = WorkStarted(incident=OTHER, span=uid("new run"), by="eva", at=at(10))
    assert decide.start(RUNNING, OTHER, start(10)) == [stopped(600.0, 10), begun]


def test_starting_what_runs_is_nothing():
    assert decide.start(RUNNING, ONE, start(10)) == []


def test_it_stops_and_counts_what_ran():
    assert decide.stop(RUNNING, StopWork(by="eva", now=at(10))) == [stopped(600.0, 10)]


def test_one_forgotten_over_night_is_cut_and_marked():
    night = LONGEST.total_seconds() / 60 + 600
    cut = stopped(LONGEST.total_seconds(), night, forgotten=True)
    assert decide.stop(RUNNING, StopWork(by="eva", now=at(night))) == [cut]
    assert decide.start(RUNNING, OTHER, start(night))[0] == cut


def test_who_forgot_it_says_how_long_it_really_was():
    night = LONGEST.total_seconds() / 60 + 600
    assert decide.stop(RUNNING, StopWork(by="eva", now=at(night), seconds=900.0)) == [stopped(900.0, night)]


@pytest.mark.parametrize("seconds", [-1.0, 601.0, float("nan"), float("inf")])
def test_nobody_worked_longer_than_it_ran(seconds):
    with pytest.raises(InvalidError):
        decide.stop(RUNNING, StopWork(by="eva", now=at(10), seconds=seconds))


def test_what_stands_still_can_not_be_stopped():
    with pytest.raises(ConflictError):
        decide.stop(None, StopWork(by="eva", now=at(10)))


async def test_each_user_has_their_own_and_a_wrong_incident_stops_nothing(taking, commands):
    await taking.take(mail("m1"), mail("m2", "luz@x.cu"))
    await commands.run(StartWork(incident=1), by="eva")
    await commands.run(StartWork(incident=1), by="luis")
    with pytest.raises(ConflictError):
        await commands.run(StopWork(incident=2), by="eva")
    with pytest.raises(NotFoundError):
        await commands.run(StartWork(incident=99), by="eva")
    await commands.run(StopWork(incident=1), by="eva")
    runs = [fact for fact in taking.facts() if isinstance(fact, WorkStarted | WorkStopped)]
    assert [(type(fact).__name__, fact.by) for fact in runs] == [
        ("WorkStarted", "eva"),
        ("WorkStarted", "luis"),
        ("WorkStopped", "eva"),
    ]


async def test_time_spent_is_what_a_hand_count_says_live_and_rebuilt(taking, dated_commands):
    database = taking.hub.database
    make_views(database)
    await taking.take(mail("m1"), mail("m2", "luz@x.cu"), mail("m3", "raul@x.cu"))
    await dated_commands.run(Assign(incident=1, to="eva"), by="eva")
    # eva: 10 min on #1 by the clock, then 5 on #2, then a call of 8 min of which 3 on hold, about #1
    await dated_commands.run(StartWork(incident=1, now=at(0)), by="eva")
    await dated_commands.run(StartWork(incident=2, now=at(10)), by="eva")
    await dated_commands.run(StopWork(now=at(15)), by="eva")
    call = await dated_commands.run(
        StartCall(direction=Direction.OUT, phone="+5355500001", incident=1, started_at=at(20), answered_at=at(21)),
        by="eva",
    )
    await dated_commands.run(ChangeCall(call=call.subject, held=True, now=at(22)), by="eva")
    await dated_commands.run(ChangeCall(call=call.subject, held=False, now=at(25)), by="eva")
    await dated_commands.run(ChangeCall(call=call.subject, ended_at=at(29), now=at(29)), by="eva")
    # luis: 4 min on #3, which turns out to be #1; one forgotten run; one that goes on
    await dated_commands.run(StartWork(incident=3, now=at(0)), by="luis")
    await dated_commands.run(StartWork(incident=2, now=at(4)), by="luis")
    await dated_commands.run(StopWork(now=at(4 + 24 * 60)), by="luis")
    await dated_commands.run(StartWork(incident=3, now=at(2000)), by="luis")
    await dated_commands.run(Merge(incident=1, sources=(3,)), by="luis")
    fold_all(database, taking.hub.keys, batch=5)
    live = whole(database, WORK)
    rebuild(database, ["work"], page_events=7)
    assert whole(database, WORK) == live

    forgotten = LONGEST.total_seconds()
    assert await database.run(work.spent_on, [1, 2]) == {
        (1, "eva"): Spent(calls=300.0, stopwatch=600.0, total=900.0),
        (1, "luis"): Spent(stopwatch=240.0, total=240.0),
        (2, "eva"): Spent(stopwatch=300.0, total=300.0),
        (2, "luis"): Spent(stopwatch=forgotten, total=forgotten, forgotten=1),
    }
    assert await database.run(work.spent_by, ["eva", "luis"], at(0), at(60)) == {
        "eva": Spent(calls=300.0, stopwatch=900.0, total=1200.0),
        "luis": Spent(stopwatch=240.0, total=240.0),
    }
    eva, luis = await database.run(
        lambda connection: workboard.read(
            connection, ["eva", "luis"], since=at(0), until=at(60), now=at(2010), longest_seconds=forgotten
        )
    )
    assert [(each.number, each.seconds) for each in eva.incidents] == [(1, 900.0)]
    assert (eva.stopwatch, eva.calls) == (None, [])
    assert (luis.stopwatch.number, luis.stopwatch.seconds, luis.stopwatch.overdue) == (1, 600.0, False)
