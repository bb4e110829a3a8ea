"""How a call looks on screens: what the read model says, and clocks that go on in the browser. For call_*.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from projections.calls import Call
from projections.talk import between, talked

_MINUTE = 60


@dataclass(frozen=True)
class Clock:
    """Seconds `plus`, and those since `since` where it runs."""

    since: datetime | None
    plus: float
    now: datetime

    @property
    def starts(self) -> str:
        """For the script that lets it run; empty: it stands still."""
        return self.since.isoformat() if self.since else ""

    @property
    def text(self) -> str:
        """As it stands now, for who has no scripts."""
        seconds = max(0, int(self.plus + between(self.since, self.now)))
        minutes, left = divmod(seconds, _MINUTE)
        hours, minutes = divmod(minutes, _MINUTE)
        return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


@dataclass(frozen=True)
class CallView:
    """A call with its clocks: `talk`, `hold` where it ever was on hold, `ring` before it was answered."""

    call: Call
    talk: Clock
    hold: Clock | None
    ring: Clock

    @property
    def look(self) -> str:
        """Its state as people see it: ringing, active, held, ended."""
        return "held" if self.call.held_at and self.call.state == "active" else self.call.state


def view(call: Call, now: datetime | None = None) -> CallView:
    """One call."""
    now = now or datetime.now(UTC)
    going_on = call.ended_at is None
    if not going_on:
        talk = Clock(None, call.seconds or 0.0, now)
    elif call.held_at is not None:
        talk = Clock(None, talked(call.answered_at, call.held_at, call.held_seconds), now)
    else:
        talk = Clock(call.answered_at, -call.held_seconds if call.answered_at else 0.0, now)
    held = call.held_at is not None or call.held_seconds > 0
    hold = Clock(call.held_at if going_on else None, call.held_seconds, now) if held else None
    waited_until = call.answered_at or call.ended_at
    ring = Clock(None if waited_until else call.started_at, between(call.started_at, waited_until), now)
    return CallView(call, talk, hold, ring)


def views(calls: Sequence[Call]) -> list[CallView]:
    """Several."""
    now = datetime.now(UTC)
    return [view(call, now) for call in calls]
