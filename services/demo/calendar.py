"""When things happen in the demo: customers write mostly on weekday mornings, agents answer in office hours."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

_HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 8, 12, 13, 12, 10, 8, 9, 10, 11, 10, 8, 6, 4, 3, 2, 1)
"""How much comes in by hour of the day, UTC."""
_WEEKDAYS = (13, 12, 11, 11, 10, 3, 2)
_OFFICE_OPENS, _OFFICE_CLOSES = 8, 19
_SATURDAY = 5


def arrivals(rng: random.Random, since: datetime, until: datetime, count: int) -> list[datetime]:
    """`count` moments between the two, ascending, as people write: by weekday and hour, a little more each week."""
    start = since.replace(minute=0, second=0, microsecond=0)
    hours = [start + timedelta(hours=number) for number in range(int((until - start) / timedelta(hours=1)) + 1)]
    weights = [_weight(hour, (hour - start) / max(until - start, timedelta(hours=1))) for hour in hours]
    found: list[datetime] = []
    while len(found) < count:
        missing = count - len(found)
        drawn = (hour + timedelta(seconds=rng.uniform(0, 3600)) for hour in rng.choices(hours, weights, k=missing))
        found.extend(moment for moment in drawn if since <= moment < until)
    return sorted(found)


def _weight(hour: datetime, elapsed: float) -> float:
    return _HOURS[hour.hour] * _WEEKDAYS[hour.weekday()] * (1 + 0.35 * elapsed)


def within_office(moment: datetime) -> datetime:
    """The moment itself in office hours, else soon after the next opening."""
    while moment.weekday() >= _SATURDAY or moment.hour >= _OFFICE_CLOSES:
        opening = (moment + timedelta(days=1)).replace(hour=_OFFICE_OPENS, minute=moment.minute % 40)
        moment = opening
    if moment.hour < _OFFICE_OPENS:
        moment = moment.replace(hour=_OFFICE_OPENS, minute=moment.minute % 40)
    return moment


def working_pause(rng: random.Random, median_minutes: float) -> timedelta:
    """How long somebody takes: mostly near the median, sometimes very long."""
    return timedelta(minutes=min(median_minutes * rng.lognormvariate(0, 0.9), median_minutes * 30))
