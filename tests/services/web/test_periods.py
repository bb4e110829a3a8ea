"""The period of a report: whole days of the time zone that was asked for, in UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from projections.knowledge_usage import Asked
from schemas.errors import InvalidError
from services.web.api.reports import period
from services.web.channel_shift import grain_of
from services.web.pages.figures_asked import before

HAVANA = ZoneInfo("America/Havana")
NOW = datetime(2026, 11, 26, 23, 30, tzinfo=HAVANA)  # in UTC it is the 27th already


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)


def test_a_day_begins_at_the_midnight_of_the_time_zone() -> None:
    assert period(datetime(2026, 7, 1), datetime(2026, 12, 1), NOW) == (at(2026, 7, 1, 4), at(2026, 12, 1, 5))  # noqa: DTZ001 -- as a query says it


def test_a_time_with_its_own_zone_stays_what_it_is() -> None:
    assert period(at(2026, 11, 20), at(2026, 11, 21), NOW) == (at(2026, 11, 20), at(2026, 11, 21))


def test_without_a_period_it_is_the_last_thirty_days_with_today_there() -> None:
    # the clocks there went back on 1 November
    assert period(None, None, NOW) == (at(2026, 10, 28, 4), at(2026, 11, 27, 5))


@pytest.mark.parametrize("since", [datetime.min, at(1, 1, 9), datetime.max, datetime.max.replace(tzinfo=HAVANA)])  # noqa: DTZ901 -- those are meant
def test_a_time_without_a_utc_is_refused(since: datetime) -> None:
    with pytest.raises(InvalidError):
        period(since, None, NOW.replace(tzinfo=ZoneInfo("Asia/Tokyo")))


@pytest.mark.parametrize(
    ("since", "until", "zone", "grain", "earlier"),
    [  # where the clocks are put back or on, or at midnight itself
        ((2026, 10, 1), (2026, 11, 1), "Europe/Madrid", "day", at(2026, 8, 30, 22)),
        ((2026, 3, 23), (2026, 3, 30), "Europe/Madrid", "day", at(2026, 3, 15, 23)),
        ((2026, 3, 8), (2026, 3, 9), "America/Havana", "day", at(2026, 3, 7, 5)),
        ((2026, 11, 1), (2026, 11, 2), "America/Havana", "day", at(2026, 10, 31, 4)),
        ((2026, 10, 1), (2026, 11, 2), "Europe/Madrid", "week", at(2026, 8, 29, 22)),
    ],
)
def test_days_are_as_many_before_and_counted_by_day_however_long_they_are(since, until, zone, grain, earlier) -> None:
    now = datetime.now(ZoneInfo(zone))
    asked = Asked(*period(datetime(*since), datetime(*until), now), tz=zone)  # noqa: DTZ001 -- as a form says it
    assert before(asked) == replace(asked, since=earlier, until=asked.since)
    assert grain_of(*asked.by_clocks) == grain
