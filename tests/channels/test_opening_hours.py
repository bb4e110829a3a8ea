"""Opening hours: days and hours in one zone, read and cut into windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels.opening_hours import OpeningHours
from schemas.interaction import Window

HAVANA = OpeningHours.read("Mon-Fri 08:30-13:00, Sat 09:00-10:00 America/Havana")
FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)  # 10:00 in Havana


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (utc(6, 13, 29), False),
        (utc(6, 13, 30), True),
        (utc(6, 18), False),
        (utc(7, 14, 30), True),
        (utc(8, 14, 30), False),
        (utc(9, 12, 30), True),  # summer time began on the 8th
    ],
)
def test_somebody_is_there_in_the_hours_of_the_zone(at, is_open):
    assert HAVANA.is_open(at) is is_open


def test_a_window_is_covered_only_as_a_whole():
    assert HAVANA.covers(utc(6, 13, 30), utc(6, 18))
    assert not HAVANA.covers(utc(6, 13, 30), utc(6, 18, 1))
    assert not HAVANA.covers(utc(6, 13, 29), utc(6, 14))


def test_windows_are_two_hours_within_what_is_left():
    zone = "America/Havana"
    assert list(HAVANA.slots(FRIDAY, days=4)) == [
        Window(utc(6, 13, 30), utc(6, 15, 30), zone),
        Window(utc(6, 15, 30), utc(6, 17, 30), zone),
        Window(utc(6, 17, 30), utc(6, 18), zone),
        Window(utc(7, 14), utc(7, 15), zone),
        Window(utc(9, 12, 30), utc(9, 14, 30), zone),
        Window(utc(9, 14, 30), utc(9, 16, 30), zone),
        Window(utc(9, 16, 30), utc(9, 17), zone),
    ]


def test_a_window_that_is_nearly_over_is_not_offered():
    late = utc(6, 15, 30) - timedelta(minutes=14)
    assert next(HAVANA.slots(late, days=1)).since == utc(6, 15, 30)


def test_days_may_go_round_the_week():
    weekend = OpeningHours.read("Sat-Mon 09:00-10:00 UTC")
    assert [weekday for weekday, _, _ in weekend.spans] == [0, 5, 6]


def test_today_begins_at_the_zone_s_midnight():
    assert HAVANA.midnight(utc(6, 3)) == utc(5, 5)
