"""What whoever asks may not see: the closed teams that are hidden from them. Set for each request by the web's guard.

A transaction begun under a sight that hides something reads the read models through views of the same names that leave
it out (projections/narrowed.py): no query, of today or tomorrow, has to think of it. Everybody else pays nothing.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sight:
    """`hidden`: teams whose incidents are not to be seen, but for those that `person` has."""

    hidden: tuple[str, ...] = ()
    person: str = ""

    def sees(self, team: str | None, assignee: str | None) -> bool:
        """An incident of this team, that this user has. In SQL: `sees()`, migration 0020."""
        return team not in self.hidden or (assignee is not None and assignee == self.person)


EVERYTHING = Sight()

_CURRENT = ContextVar("sight", default=EVERYTHING)


def current() -> Sight:
    """Of whoever asks now; what runs by itself sees everything."""
    return _CURRENT.get()


@contextmanager
def seeing(sight: Sight) -> Generator[None]:
    """Ask with this sight."""
    before = _CURRENT.set(sight)
    try:
        yield
    finally:
        _CURRENT.reset(before)
