"""The service targets as they stand: for the page and the API that set them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from eventstore.database import Connection
from schemas.facts.incident import Priority


class Target(msgspec.Struct, frozen=True):
    """How soon incidents of a priority shall be answered and solved, in seconds from their opening; None: any time."""

    priority: str
    first_response_seconds: int | None
    resolution_seconds: int | None


def targets(connection: Connection) -> list[Target]:
    """Of every priority, the most urgent first."""
    rows: Sequence[tuple[str, int | None, int | None]] = connection.execute(
        "SELECT priority, first_response_seconds, resolution_seconds FROM incident_targets"
    ).fetchall()
    found = {priority: Target(priority, first, resolution) for priority, first, resolution in rows}
    return [found.get(priority.value, Target(priority.value, None, None)) for priority in reversed(Priority)]
