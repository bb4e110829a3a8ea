"""When somebody is there to call back: days and hours in one time zone, as `CAUCE_OPENING_HOURS` says them.

Mon-Fri 08:30-17:00, Sat 09:00-12:00 America/Havana
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import InvalidError
from schemas.ids import utc
from schemas.interaction import Window

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d:\d\d)-(\d\d:\d\d)")
_SLOT = timedelta(hours=2)
_LEAST = timedelta(minutes=15)


@dataclass(frozen=True)
class OpeningHours:
    """`spans`: weekday (Monday is 0), from, until."""

    zone: ZoneInfo
    spans: tuple[tuple[int, time, time], ...]

    @classmethod
    def read(cls, text: str) -> OpeningHours:
        """Raises InvalidError for what can't be understood."""
        hours, _, name = text.strip().rpartition(" ")
        zone = zone_of(name)
        spans: list[tuple[int, time, time]] = []
        for part in hours.lower().split(","):
            found = _HOURS.fullmatch(part.strip())
            if found is None:
                raise InvalidError(f"hours are like «Mon-Fri 09:00-17:00», not {part.strip()!r}")
            first, last = found[1], found[2] or found[1]
            if first not in _DAYS or last not in _DAYS:
                raise InvalidError(f"a day is one of {', '.join(_DAYS)}")
            since, until = _time(found[3]), _time(found[4])
            if since >= until:
                raise InvalidError(f"{found[3]} is not before {found[4]}")
            count = (_DAYS.index(last) - _DAYS.index(first)) % 7 + 1
            spans += [((_DAYS.index(first) + number) % 7, since, until) for number in range(count)]
        return cls(zone, tuple(sorted(spans)))

    def midnight(self, now: datetime) -> datetime:
        """When today began, there."""
        return utc(datetime.combine(now.astimezone(self.zone).date(), time(), self.zone))

    def is_open(self, at: datetime) -> bool:
        """Is somebody there?"""
        return any(since <= at < until for since, until in self._near(at))

    def covers(self, since: datetime, until: datetime) -> bool:
        """Is somebody there all the time from one to the other?"""
        return any(begins <= since and until <= ends for begins, ends in self._near(since))

    def slots(self, now: datetime, days: int) -> Iterator[Window]:
        """The windows of two hours that customers choose from, of today and the days after it."""
        today = now.astimezone(self.zone).date()
        for number in range(days):
            day = today + timedelta(days=number)
            for weekday, opens, closes in self.spans:
                if weekday != day.weekday():
                    continue
                at, end = (utc(datetime.combine(day, moment, self.zone)) for moment in (opens, closes))
                while at < end:
                    until = min(at + _SLOT, end)
                    if until - max(at, now) >= _LEAST:
                        yield Window(at, until, self.zone.key)
                    at = until

    def _near(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = at.astimezone(self.zone).date()
        for weekday, opens, closes in self.spans:
            if weekday == day.weekday():
                yield utc(datetime.combine(day, opens, self.zone)), utc(datetime.combine(day, closes, self.zone))


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises InvalidError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError("a time zone is like America/Havana", field="time_zone") from error


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"{text} is no time of day") from error
