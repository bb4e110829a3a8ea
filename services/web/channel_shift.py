"""How contacts move between channels, and from all of them to self-service: counted by day, week or month. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from eventstore.database import Connection
from projections import channel_report, knowledge_usage
from projections.knowledge_usage import Asked

SELF_SERVICE = "self_service"
_DAYS_MAX = timedelta(days=31)
_WEEKS_MAX = timedelta(days=190)


class Part(msgspec.Struct, frozen=True):
    """What came over one channel from a day on, or was solved without us (`self_service`). `share`: of that time."""

    since: date
    channel: str
    contacts: int
    share: float


class Shift(msgspec.Struct, frozen=True):
    """`rate`: solved by self-service, of all that was solved so or came to us; None: nothing was."""

    grain: str
    parts: Sequence[Part]
    solved: int
    assisted: int
    rate: float | None
    target: float


def channel_shift(connection: Connection, asked: Asked) -> Shift:
    """Over the asked period. Of surface, language and product self-service alone is asked; contacts have none."""
    came = channel_report.contacts(connection, since=asked.since, until=asked.until, tz=asked.tz)
    solved = [(day.day, SELF_SERVICE, day.solved) for day in knowledge_usage.by_day(connection, asked)]
    target = knowledge_usage.thresholds(connection)["self_service_percent"] / 100
    return shift_of([*solved, *came], grain_of(*asked.by_clocks), target)


def shift_of(counted: Iterable[tuple[date, str, int]], grain: str, target: float) -> Shift:
    """Day, channel and count, put together by the grain."""
    sums: dict[tuple[date, str], int] = {}
    for day, channel, count in counted:
        key = (begin_of(day, grain), channel)
        sums[key] = sums.get(key, 0) + count
    wholes: dict[date, int] = {}
    for (since, _), count in sums.items():
        wholes[since] = wholes.get(since, 0) + count
    parts = [
        Part(since, channel, count, count / wholes[since]) for (since, channel), count in sorted(sums.items()) if count
    ]
    solved = sum(part.contacts for part in parts if part.channel == SELF_SERVICE)
    assisted = sum(part.contacts for part in parts) - solved
    return Shift(grain, parts, solved, assisted, solved / (solved + assisted) if parts else None, target)


def grain_of(since: datetime, until: datetime) -> str:
    """As fine as one chart can show. Both by the clocks of one zone."""
    if until - since <= _DAYS_MAX:
        return "day"
    return "week" if until - since <= _WEEKS_MAX else "month"


def begin_of(day: date, grain: str) -> date:
    """The first day of its week (Monday) or month."""
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grain == "month" else day
