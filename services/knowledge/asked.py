"""What every request about an article says: which, who asks, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID


class Asking(TypedDict):
    """What every request says, as `Retire(**…)` takes it."""

    article: UUID
    by: str
    now: datetime


class Where(TypedDict):
    """What every fact of an article says."""

    article: UUID
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request about one article."""

    article: UUID
    by: str
    now: datetime

    @property
    def where(self) -> Where:
        """What the facts it leads to begin with."""
        return {"article": self.article, "by": self.by, "at": self.now}
