"""Where a consumer is in a partition, and what that makes of the records that come: pure, no Kafka, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from eventstore.log import LogRecord
from eventstore.positions import Position
from schemas.errors import PositionMismatchError

_GAP_TRIES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """`next`: the offset to handle. `stored`: what the compare-and-set expects, 0 before the first batch ever.

    `last_id`: what the record before `next` must be; None once seen, or where that record is gone.
    `gaps`: how often the partition went on after `next` although we asked for it.
    """

    next: int
    stored: int
    last_id: UUID | None = None
    gaps: int = 0

    @property
    def start(self) -> int:
        """Where to read from."""
        return self.next - 1 if self.last_id is not None else self.next


def place_of(where: str, stored: Position | None, begin: int, end: int) -> Place:
    """The place of a stored position in a partition that holds `begin` to `end`. Raises PositionMismatchError."""
    if stored is None:
        return Place(next=begin, stored=0)
    if not begin <= stored.next <= end:
        raise PositionMismatchError(
            f"{where}: the stored position is {stored.next}, but Kafka holds {begin} to {end}:"
            " records were lost, or this is another topic. See `cauce doctor`"
        )
    return Place(next=stored.next, stored=stored.next, last_id=stored.last_id if stored.next > begin else None)


def after(where: str, place: Place, records: Sequence[LogRecord]) -> tuple[Place, Sequence[LogRecord]]:
    """The records at and after the place; the one before it must be the one we handled there.

    Raises PositionMismatchError when it is another.
    """
    for record in records:
        if place.last_id is not None and record.offset == place.next - 1:
            if record.id != place.last_id:
                raise PositionMismatchError(
                    f"{where}: at {record.offset} stands another record than was handled there:"
                    " the topic was made anew. See `cauce doctor`"
                )
            place = replace(place, last_id=None)
    return place, [record for record in records if record.offset >= place.next]


def with_gap(where: str, place: Place, first: int) -> Place:
    """To be asked for again, because `first` came instead. Raises PositionMismatchError when that doesn't help."""
    if place.gaps + 1 >= _GAP_TRIES:
        raise PositionMismatchError(
            f"{where}: after {place.next - 1} comes {first}; what was between is lost unread. See `cauce doctor`"
        )
    return replace(place, gaps=place.gaps + 1)
