"""CloudEvents 1.0 names for what leaves the store: the same attributes as Kafka headers and as NDJSON lines.

Binary mode on Kafka (`ce_` prefix, Kafka protocol binding §3.2.3), structured mode over HTTP.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

SOURCE = "/cauce"
SPEC_VERSION = "1.0"


def attributes(
    *,
    event_id: str,
    type_name: str,
    subject: str,
    time: datetime,
    causation: UUID | None = None,
    correlation: UUID | None = None,
) -> dict[str, str]:
    """The attributes of one event. `time` is UTC and written with a Z; absent extensions are left out."""
    found = {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": SOURCE,
        "type": type_name,
        "subject": subject,
        "time": time.isoformat().replace("+00:00", "Z"),
    }
    if causation is not None:
        found["causationid"] = str(causation)
    if correlation is not None:
        found["correlationid"] = str(correlation)
    return found


def headers(found: dict[str, str]) -> dict[str, str]:
    """The attributes as record headers."""
    return {f"ce_{name}": value for name, value in found.items()}
