"""What somebody wants to know of the figures: of which period, surface, language and product.

Sums are kept by the day, UTC. A period that begins or ends within one is read as its whole days from the sums, and at
its edges from what is counted of each visit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import LiteralString

from projections.report import zone_of


@dataclass(frozen=True, slots=True)
class Asked:
    """`until` is exclusive. Empty: of all; of surfaces, of all but the agents' own, which is no self-service."""

    since: datetime
    until: datetime
    surface: str = ""
    language: str = ""
    product: str = ""
    tz: str = "UTC"

    @property
    def by_clocks(self) -> tuple[datetime, datetime]:
        """Both ends in the asked zone, where what lies between them is whole days, however long its days are."""
        zone = zone_of(self.tz)
        return self.since.astimezone(zone), self.until.astimezone(zone)

    @property
    def values(self) -> dict[str, object]:
        """The parameters of the conditions below, with `first` to `last`: the whole days, UTC."""
        first = _midnight(self.since + timedelta(days=1) - timedelta(microseconds=1))
        last = _midnight(self.until)
        return self._values(first, last) if first < last else self.unsummed

    @property
    def unsummed(self) -> dict[str, object]:
        """The same, with no whole days: read from what is counted of each visit."""
        return self._values(self.until, self.until)

    def _values(self, first: datetime, last: datetime) -> dict[str, object]:
        return {**asdict(self), "first": first, "last": last, "first_day": first.date(), "last_day": last.date()}


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


ON_SURFACE: LiteralString = "CASE WHEN %(surface)s = '' THEN surface <> 'agent' ELSE surface = %(surface)s END"
IN_DAYS: LiteralString = "day >= %(first_day)s AND day < %(last_day)s AND " + ON_SURFACE
"""Over the sums by the day."""

AT_EDGES: LiteralString = (
    "(began >= %(since)s AND began < %(first)s OR began >= %(last)s AND began < %(until)s) AND " + ON_SURFACE
)
"""Over what is counted of each visit: what lies in no whole day."""

OF_VISITS: LiteralString = (
    " AND (%(language)s = '' OR language = %(language)s) AND (%(product)s = '' OR product = %(product)s)"
)
"""Over what has these two."""

IN_QUARTERS: LiteralString = "quarter >= %(since)s AND quarter < %(until)s AND " + ON_SURFACE + OF_VISITS
"""Over `usage_visit_counts`: every time zone's days begin on one."""
