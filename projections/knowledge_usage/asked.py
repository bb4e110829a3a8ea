"""What somebody wants to know of the figures: of which period, surface, language and product."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import LiteralString


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
    def values(self) -> dict[str, object]:
        """The parameters of the conditions below."""
        return asdict(self)


IN_PERIOD: LiteralString = (
    "quarter >= %(since)s AND quarter < %(until)s"
    " AND CASE WHEN %(surface)s = '' THEN surface <> 'agent' ELSE surface = %(surface)s END"
)
"""Over any of the tables of counts."""

OF_VISITS: LiteralString = (
    IN_PERIOD + " AND (%(language)s = '' OR language = %(language)s) AND (%(product)s = '' OR product = %(product)s)"
)
"""Over `usage_visit_counts`."""
