"""Where each part stands of a conversation that an agent took apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec


class Part(msgspec.Struct, frozen=True):
    """An incident that some of the words are in."""

    number: int
    status: str


def parts_of(numbers: Iterable[int], statuses: Mapping[int, str]) -> Sequence[Part]:
    """None where it is one."""
    found = [Part(number, statuses[number]) for number in numbers if number in statuses]
    return found if len(found) > 1 else ()
