"""What every request of the write side carries: who asks, when, and an id for what it makes. Before each decider."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from schemas.ids import new_id


def _now() -> datetime:
    return datetime.now(UTC)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Imperative, and complete: a decider needs no clock and no chance.

    `by`: filled by `Commands.run`. `now`: replaced, under the lock, with the database's time.
    `id`: of the interaction, note, incident, customer or call this makes.
    An incident is named by its number, the way people do; a customer or a call by its id.
    """

    by: str = ""
    now: datetime = msgspec.field(default_factory=_now)
    id: UUID = msgspec.field(default_factory=new_id)
