"""The values that alarms and the target of self-service are measured by: presets, until somebody sets others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eventstore.database import Connection

PRESETS: Mapping[str, int] = {
    "contact_percent": 30,
    "contact_readers": 10,
    "zero_searches": 5,
    "zero_growth_percent": 100,
    "votes_against": 3,
    "self_service_percent": 35,
}


def thresholds(connection: Connection) -> dict[str, int]:
    """Name → value, all of them."""
    rows: Sequence[tuple[str, int]] = connection.execute("SELECT name, value FROM usage_thresholds").fetchall()
    return dict(PRESETS) | {name: value for name, value in rows if name in PRESETS}
