"""What a calendar file says (RFC 5545, RFC 5546): what, when, where, who invites, and whether it still holds.

Lines without words of ours: a mail's text is kept once, for readers of any language. Bounded. Below bodies.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from channels.text import one_line
from schemas.interaction import Label

READ_MAX_BYTES = 512 * 1024
_EVENTS_MAX = 5
_LINE_MAX_CHARACTERS = 300
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
_LABELS = {
    "request": Label.INVITATION,
    "publish": Label.INVITATION,
    "add": Label.INVITATION_CHANGED,
    "cancel": Label.INVITATION_CANCELLED,
    "reply": Label.INVITATION_ANSWERED,
    "counter": Label.INVITATION_ANSWERED,
    "declinecounter": Label.INVITATION_ANSWERED,
    "refresh": Label.INVITATION_ANSWERED,
}
_ANSWERS = {"accepted": "✓", "declined": "✗", "tentative": "?", "delegated": "→"}


@dataclass(frozen=True)
class Invitation:
    """`text`: a block of lines for each event. `same`: equal for two copies of one file."""

    text: str
    label: Label | None
    same: str


def read_invitation(data: bytes) -> Invitation | None:
    """None for what is no calendar, or holds no event."""
    if len(data) > READ_MAX_BYTES:
        return None
    from icalendar import Calendar  # noqa: PLC0415 -- most mails need none of it, and it takes 85 ms

    try:
        calendar: Any = Calendar.from_ical(data)
        events = [each for each in calendar.subcomponents if each.name in {"VEVENT", "VTODO"}]
        method = str(calendar.get("METHOD", "")).strip().lower()
    except _BROKEN:
        return None
    blocks = ["\n".join(_lines(event, answer=method in {"reply", "counter"})) for event in events[:_EVENTS_MAX]]
    if not any(blocks):
        return None
    first = events[0]
    same = "\n".join(_text(first, name) for name in ("UID", "SEQUENCE", "RECURRENCE-ID"))
    return Invitation("\n\n".join(filter(None, blocks)), _label(method, first), f"{method}\n{same}")


def _label(method: str, event: Any) -> Label | None:
    if _text(event, "STATUS").lower() == "cancelled":
        return Label.INVITATION_CANCELLED
    label = _LABELS.get(method)
    changed = label is Label.INVITATION and _text(event, "SEQUENCE") not in {"", "0"}
    return Label.INVITATION_CHANGED if changed else label


def _lines(event: Any, *, answer: bool) -> Iterator[str]:
    said = (_text(event, "SUMMARY"), _when(event), _text(event, "LOCATION"), _person(event.get("ORGANIZER")))
    yield from filter(None, said)
    if answer:
        found: Any = event.get("ATTENDEE") or []
        attendees: list[Any] = found if isinstance(found, list) else [found]  # pyright: ignore[reportUnknownVariableType]
        for attendee in attendees:
            answered = _parameter(attendee, "PARTSTAT").lower()
            yield f"{_ANSWERS.get(answered, '…')} {_person(attendee)}"


def _when(event: Any) -> str:
    begin, end = _moment(event, "DTSTART"), _moment(event, "DTEND") or _moment(event, "DUE")
    if begin is None:
        return ""
    if end is None and isinstance(span := _guarded(lambda: event.get("DURATION").dt, None), timedelta):
        end = _guarded(lambda: begin + span, None)
    zone = _parameter(event.get("DTSTART"), "TZID")
    if not zone and isinstance(begin, datetime) and begin.tzinfo is not None:
        zone = "UTC"
    rule = _guarded(lambda: event.get("RRULE").to_ical().decode())
    return one_line(f"{_span(begin, end)} {zone}{f' ↻ {rule}' if rule else ''}")[:_LINE_MAX_CHARACTERS]


def _span(begin: date, end: date | None) -> str:
    day, minute = "%Y-%m-%d", "%Y-%m-%d %H:%M"
    if not isinstance(begin, datetime):  # whole days; the end is the first that isn't any more
        last = end - timedelta(days=1) if end is not None and not isinstance(end, datetime) else begin
        return f"{begin:{day}}" if last <= begin else f"{begin:{day}} — {last:{day}}"
    if not isinstance(end, datetime):
        return f"{begin:{minute}}"
    return f"{begin:{minute}} — {end:{'%H:%M' if end.date() == begin.date() else minute}}"


def _moment(event: Any, name: str) -> date | None:
    found = _guarded(lambda: event.get(name).dt, None)
    return found if isinstance(found, date) else None


def _person(written: Any) -> str:
    address = one_line(str(written or "")).removeprefix("mailto:").removeprefix("MAILTO:")
    name = one_line(_parameter(written, "CN"))
    shown = f"{name} <{address}>" if name and address and name != address else name or address
    return shown[:_LINE_MAX_CHARACTERS]


def _text(event: Any, name: str) -> str:
    return one_line(str(_guarded(lambda: event.get(name, ""))))[:_LINE_MAX_CHARACTERS]


def _parameter(written: Any, name: str) -> str:
    return str(_guarded(lambda: written.params.get(name, "")))


def _guarded(read: Callable[[], Any], otherwise: Any = "") -> Any:
    """A property that is broken is read as one that isn't there."""
    try:
        return read()
    except _BROKEN:
        return otherwise
