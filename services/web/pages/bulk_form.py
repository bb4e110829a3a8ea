"""What the bar below the inbox asks for: the incidents ticked, and one action for all of them. Read by inbox.py.

The button pressed says it, `do=assign:eva`; what it needs beside stands in the form's fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from channels.text import one_line
from schemas.errors import InvalidError
from schemas.facts.incident import Priority
from services.bulk import Bulk
from services.incidents import requests
from services.incidents.requests import IncidentRequest

Fields = Mapping[str, str]

_PICKED = "pick-"
_DIGITS_MAX = 9
_MORNING = time(9)
_LATER = timedelta(hours=3)


def read(fields: Fields, user: str) -> Bulk:
    """The command. Raises InvalidError."""
    numbers = [int(name[len(_PICKED) :]) for name in fields if _picks(name)]
    if not numbers:
        raise InvalidError("tick an incident first", field="incidents")
    do, _, value = fields.get("do", "").partition(":")
    if do == "merge":
        target, *sources = sorted(numbers)
        if not sources:
            raise InvalidError("at least two incidents", field="incidents")
        return Bulk(requests=tuple(requests.Merge(incident=target, sources=(source,)) for source in sources))
    make = _ACTIONS.get(do)
    if make is None:
        raise InvalidError("no such action", field="do")
    return Bulk(requests=tuple(make(number, user if value == "." else one_line(value), fields) for number in numbers))


def _picks(name: str) -> bool:
    digits = name.removeprefix(_PICKED)
    return name.startswith(_PICKED) and digits.isdecimal() and len(digits) <= _DIGITS_MAX


def _assign(number: int, value: str, _: Fields) -> IncidentRequest:
    return requests.Assign(incident=number, to=value or None)


def _give(number: int, value: str, _: Fields) -> IncidentRequest:
    return requests.Assign(incident=number, team=value or None)


def _prioritize(number: int, value: str, _: Fields) -> IncidentRequest:
    if value not in set(Priority):
        raise InvalidError("no such priority", field="priority")
    return requests.Prioritize(incident=number, priority=Priority(value))


def _tag(number: int, value: str, fields: Fields) -> IncidentRequest:
    tags = tuple(filter(None, [one_line(fields.get("tag", ""))]))
    if not tags:
        raise InvalidError("which tag?", field="tag")
    return requests.Tag(incident=number, remove=tags) if value == "off" else requests.Tag(incident=number, add=tags)


def _snooze(number: int, value: str, fields: Fields) -> IncidentRequest:
    return requests.Snooze(incident=number, until=until(value, fields, datetime.now(UTC)))


def _wake(number: int, _value: str, _fields: Fields) -> IncidentRequest:
    return requests.Wake(incident=number)


def _resolve(number: int, _value: str, fields: Fields) -> IncidentRequest:
    return requests.Resolve(incident=number, solution=fields.get("solution", ""))


def _close(number: int, _value: str, _fields: Fields) -> IncidentRequest:
    return requests.Close(incident=number)


_ACTIONS: Mapping[str, Callable[[int, str, Fields], IncidentRequest]] = {
    "assign": _assign,
    "team": _give,
    "priority": _prioritize,
    "tag": _tag,
    "snooze": _snooze,
    "wake": _wake,
    "resolve": _resolve,
    "close": _close,
}


def _give_one(number: int, fields: Fields) -> IncidentRequest:
    return _give(number, one_line(fields.get("team", "")), fields)


def _snooze_one(number: int, fields: Fields) -> IncidentRequest:
    return _snooze(number, fields.get("for", ""), fields)


def _wake_one(number: int, fields: Fields) -> IncidentRequest:
    return _wake(number, "", fields)


ONE: Mapping[str, Callable[[int, Fields], IncidentRequest]] = {
    "team": _give_one,
    "snooze": _snooze_one,
    "wake": _wake_one,
}
"""The same for the page of one incident, by the last part of its forms' addresses."""


def until(choice: str, fields: Fields, now: datetime) -> datetime | None:
    """When a snooze ends, in the reader's own days; None: when the customer answers. Raises InvalidError."""
    here = now.astimezone(_zone(fields.get("zone", "")))
    match choice:
        case "answer":
            return None
        case "later":
            return now + _LATER
        case "tomorrow":
            return _morning(here, days=1)
        case "monday":
            return _morning(here, days=7 - here.weekday())
        case "":
            try:
                return datetime.fromisoformat(fields.get("until", "")).replace(tzinfo=here.tzinfo).astimezone(UTC)
            except (ValueError, OverflowError) as error:
                raise InvalidError("a day and a time", field="until") from error
        case _:
            raise InvalidError("until when?", field="until")


def _morning(here: datetime, *, days: int) -> datetime:
    day = here.date() + timedelta(days=days)
    return datetime.combine(day, _MORNING, here.tzinfo).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
