"""The inbox' views and clocks: what each holds after a whole history, its counts, and the rule of the two clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from projections import incidents
from projections.incidents import COUNT_MAX, INCIDENTS, Target, View, views
from projections.registry import ALL
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentMerged,
    IncidentOpened,
    IncidentPrioritized,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTagged,
    IncidentTeamAssigned,
    IncidentUnmerged,
    IncidentWoken,
    InteractionLinked,
    Priority,
    Reason,
)
from schemas.facts.target import TargetSet, target_id
from schemas.interaction import Channel, Direction
from tests.projections.histories import Recorder, Story
from tests.projections.views import fold_all

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE, HOUR = 60, 3600


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def one(number):
    return UUID(int=number << 64)


def opened(number, minutes):
    return IncidentOpened(
        incident=one(number),
        number=number,
        customer=UUID(int=7),
        address=UUID(int=8),
        channel=Channel.EMAIL,
        at=ago(minutes),
    )


def target(priority, first, resolution, minutes=10_000):
    return TargetSet(
        target=target_id(priority),
        priority=priority,
        first_response_seconds=first,
        resolution_seconds=resolution,
        by="ada",
        at=ago(minutes),
    )


def said(number, minutes, direction, by=""):
    return InteractionLinked(
        incident=one(number),
        interaction=UUID(int=(number << 64) + minutes + 1),
        channel=Channel.EMAIL,
        direction=direction,
        thread=UUID(int=5),
        address=UUID(int=8),
        reason=Reason.NEW,
        by=by,
        at=ago(minutes),
    )


def resolved(number, minutes):
    return IncidentResolved(incident=one(number), address=UUID(int=8), by="eva", at=ago(minutes))


@pytest.fixture
def fold(database, keys):
    recorder = Recorder(database, keys)

    def record(*facts):
        recorder.record(facts)
        fold_all(database, keys, projections=[INCIDENTS])

    return record


@pytest.fixture
def get(database):
    def read(number=1):
        with database.transaction() as connection:
            return incidents.get(connection, number)

    return read


def left(shown):
    """Kind and minutes of the running clock."""
    return shown.clock and (shown.clock.kind, round((shown.clock.due_at - NOW).total_seconds() / 60))


def test_without_a_target_no_clock_runs(fold, get):
    fold(opened(1, 30))
    assert (get().clock, get().breached, get().first_response_due_at) == (None, False, None)


def test_the_first_answer_of_a_person_ends_the_first_clock_and_stops_the_second(fold, get):
    fold(target(Priority.NORMAL, HOUR, 4 * HOUR), opened(1, 30))
    assert left(get()) == ("first_response", 30)
    fold(said(1, 29, Direction.OUT))  # a machine's
    assert get().first_response_at is None
    fold(opened(2, 30), said(2, 20, Direction.OUT, by="eva"))
    assert (get(2).status, get(2).clock, get(2).breached) == ("waiting", None, False)
    fold(said(2, 10, Direction.IN))  # it stood still for ten minutes
    assert left(get(2)) == ("resolution", 240 - 30 + 10)


def test_an_answer_that_came_too_late_stays_late(fold, get):
    fold(target(Priority.NORMAL, HOUR, None), opened(1, 120), said(1, 30, Direction.OUT, by="eva"))
    assert (get().breached, get().clock) == (True, None)
    fold(target(Priority.NORMAL, 3 * HOUR, None, minutes=5))  # judged by what counted then
    assert get().breached


def test_a_solution_is_late_when_it_came_late_and_a_reopened_one_goes_on_where_it_stood(fold, get):
    fold(target(Priority.NORMAL, None, HOUR), opened(1, 100), resolved(1, 50))
    assert not get().breached
    fold(IncidentReopened(incident=one(1), by="eva", at=ago(5)))
    assert left(get()) == ("resolution", 60 - 100 + 45)
    fold(opened(2, 100), resolved(2, 20))
    assert get(2).breached
    fold(opened(3, 100), IncidentClosed(incident=one(3), by="eva", at=ago(70)))
    assert not get(3).breached


def test_a_new_target_and_another_priority_count_at_once_for_what_is_not_solved(fold, get):
    fold(opened(1, 30), opened(2, 30), resolved(2, 20))
    fold(target(Priority.NORMAL, None, 2 * HOUR, minutes=15), target(Priority.URGENT, None, HOUR, minutes=15))
    assert left(get()) == ("resolution", 90)
    assert get(2).resolution_due_at is None
    fold(IncidentPrioritized(incident=one(1), priority=Priority.URGENT, by="eva", at=ago(1)))
    assert left(get()) == ("resolution", 30)
    fold(target(Priority.URGENT, None, None, minutes=0))
    assert get().clock is None


def test_snoozing_stops_no_clock(fold, get):
    fold(target(Priority.NORMAL, HOUR, None), opened(1, 30))
    fold(IncidentSnoozed(incident=one(1), until=NOW + timedelta(hours=3), by="eva", at=ago(20)))
    assert (left(get()), get().snoozed, get().snoozed_until) == (("first_response", 30), True, NOW + timedelta(hours=3))
    fold(IncidentWoken(incident=one(1), by="eva", at=ago(10)))
    assert (get().snoozed, get().snoozed_until) == (False, None)


def test_of_merged_ones_the_first_answer_of_any_counts(fold, get, database):
    fold(target(Priority.NORMAL, HOUR, None), opened(1, 90), opened(2, 80), said(2, 70, Direction.OUT, by="eva"))
    fold(said(2, 60, Direction.IN))
    fold(IncidentMerged(incident=one(2), into=one(1), by="eva", at=ago(5)))
    assert (get().clock, get().breached) == (None, False)
    assert numbers(database, View.BREACHING) == []
    fold(IncidentUnmerged(incident=one(2), out_of=one(1), by="eva", at=ago(4)))
    assert left(get()) == ("first_response", -30)
    assert numbers(database, View.BREACHING) == [1]


def numbers(database, view, user="eva", **filters):
    with database.transaction() as connection:
        return [each.number for each in incidents.find(connection, view=view, user=user, **filters).items]


def test_each_view_holds_its_own(fold, database):
    fold(target(Priority.NORMAL, HOUR, None, minutes=99), *(opened(number, 40 - number) for number in range(1, 9)))
    fold(
        IncidentAssigned(incident=one(1), to="eva", by="eva", at=ago(10)),
        IncidentTeamAssigned(incident=one(2), team="red", by="eva", at=ago(9)),
        said(3, 8, Direction.OUT, by="eva"),
        IncidentSnoozed(incident=one(4), by="eva", at=ago(7)),
        resolved(5, 6),
        IncidentClosed(incident=one(6), by="eva", at=ago(5)),
        IncidentMerged(incident=one(7), into=one(8), by="eva", at=ago(4)),
        IncidentAssigned(incident=one(8), to="leo", by="eva", at=ago(3)),
    )
    held = {view: numbers(database, view) for view in View}
    assert held == {
        View.MINE: [1],
        View.UNASSIGNED: [3, 2],
        View.WAITING: [3],
        View.BREACHING: [1, 2, 4, 8],  # in the order in which they run out
        View.SNOOZED: [4],
        View.ALL: [8, 6, 5, 4, 3, 2, 1],
    }
    with database.transaction() as connection:
        assert incidents.counts(connection, "eva") == {view: len(held[view]) for view in View}
    assert numbers(database, View.ALL, team="red") == [2]
    assert numbers(database, View.UNASSIGNED, team="") == [3]


def test_a_rare_tag_and_a_common_one_are_both_found(fold, database, monkeypatch):
    fold(*(opened(number, 40 - number) for number in range(1, 6)))
    fold(*(IncidentTagged(incident=one(number), added=("vip",), by="eva", at=ago(3)) for number in (2, 4)))
    for few in (2000, 1):
        monkeypatch.setattr("projections.incidents.filters._FEW", few)
        assert numbers(database, View.ALL, tag="vip") == [4, 2]
        assert numbers(database, View.UNASSIGNED, tag="vip") == [4, 2]
        assert numbers(database, View.ALL, tag="nobody's") == []


def test_pages_of_what_runs_out_go_on_where_they_ended(fold, database):
    fold(target(Priority.NORMAL, HOUR, None, minutes=99), *(opened(number, 30) for number in range(1, 6)))
    found, cursor = [], None
    while True:
        with database.transaction() as connection:
            page = incidents.find(connection, view=View.BREACHING, cursor=cursor, limit=2)
        found += [each.number for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [1, 2, 3, 4, 5]


def test_a_count_stops_at_its_most(fold, database):
    fold(*(opened(number, 30) for number in range(1, COUNT_MAX + 20)))
    with database.transaction() as connection:
        assert incidents.counts(connection, "eva")[View.UNASSIGNED] == COUNT_MAX + 1


def test_counts_and_lists_agree_after_any_history(database, keys):
    recorder, story = Recorder(database, keys), Story(5)
    for facts in story.steps(300):
        recorder.record(facts)
    fold_all(database, keys)
    with database.transaction() as connection:
        counted = incidents.counts(connection, "ana")
        for view in View:
            listed = incidents.find(connection, view=view, user="ana", limit=200).items
            assert counted[view] == len(listed), view
            for each in listed:
                assert each.merged_into is None
                assert _belongs(view, each), (view, each)


def _belongs(view, each):
    working = each.status in {"new", "open", "waiting"} and not each.snoozed
    match view:
        case View.MINE:
            return working and each.assignee == "ana"
        case View.UNASSIGNED:
            return working and each.assignee is None
        case View.WAITING:
            return working and each.status == "waiting"
        case View.BREACHING:
            return each.clock is not None and each.clock.due_at < datetime.now(UTC) + views.SOON
        case View.SNOOZED:
            return each.snoozed and each.status in {"new", "open", "waiting"}
        case View.ALL:
            return True


def test_the_targets_are_read_as_they_were_set_last(fold, database):
    fold(target(Priority.HIGH, HOUR, None), target(Priority.HIGH, 2 * HOUR, 9 * HOUR))
    with database.transaction() as connection:
        found = incidents.targets(connection)
    assert [each.priority for each in found] == ["urgent", "high", "normal", "low"]
    assert found[1] == Target("high", 2 * HOUR, 9 * HOUR)


def test_the_newest_words_of_an_incident_are_those_of_its_whole(database, keys):
    recorder, story = Recorder(database, keys), Story(9)
    for facts in story.steps(200):
        recorder.record(facts)
    fold_all(database, keys, projections=ALL)
    with database.transaction() as connection:
        listed = incidents.find(connection, limit=50).items
        found = incidents.last_words(connection, [each.id for each in listed])
    assert found
    assert all(len(words.text) <= 160 and "\n" not in words.text for words in found.values())
