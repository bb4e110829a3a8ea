"""Quarter-hours: the grain reports count in, because every time zone's days begin on one."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTES = 15


def quarter_of(moment: datetime) -> datetime:
    """The quarter-hour a moment lies in, UTC."""
    utc = moment.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % _MINUTES, second=0, microsecond=0)
