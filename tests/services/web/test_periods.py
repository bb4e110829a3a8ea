"""The period of a report: whole days of the time zone that was asked for, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from schemas.errors import InvalidError
from services.web.api.reports import period

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


@pytest.mark.parametrize("since", [datetime.min, datetime.max, datetime.max.replace(tzinfo=HAVANA)])  # noqa: DTZ901 -- those are meant
def test_a_time_without_a_utc_is_refused(since: datetime) -> None:
    with pytest.raises(InvalidError):
        period(since, None, NOW.replace(tzinfo=ZoneInfo("Asia/Tokyo")))
