"""In which incidents a customer spoke last: what rule 5 looks at. Pure; few for each topic, however many there are.

A robot with twenty thousand open incidents, or somebody typing another's address as often, must slow down nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

import msgspec

from schemas.ids import uuid_of
from services.incidents.arrival import Key

PARTS_MAX = 16
_ID_BYTES = 16
_PART_BYTES = _ID_BYTES + 1


class Part(msgspec.Struct, frozen=True):
    """A customer's part in an incident: shown to be theirs, or only claimed."""

    incident: UUID
    proven: bool


def keys_of(customer: UUID, topics: Iterable[Key]) -> list[Key]:
    """Where a customer's parts about these topics are kept; without topics: those about anything."""
    own = customer.bytes
    return [own + topic for topic in topics] or [own]


def add(parts: tuple[Part, ...], incident: UUID, *, proven: bool, is_open: Callable[[UUID], bool]) -> tuple[Part, ...]:
    """The parts with this one last. What has to go: claims before proofs, closed before open, old before new."""
    if parts and parts[-1].incident == incident and (parts[-1].proven or not proven):
        return parts
    was = next((part for part in parts if part.incident == incident), None)
    now = Part(incident, proven or (was is not None and was.proven))
    others = [part for part in parts if part.incident != incident]
    if len(others) >= PARTS_MAX:
        others.remove(min(others, key=lambda part: (part.proven, is_open(part.incident))))
    return (*others, now)


def pack(parts: Iterable[Part]) -> bytes:
    """As stored: 16 bytes of incident and one of proof, each."""
    return b"".join(part.incident.bytes + bytes([part.proven]) for part in parts)


def unpack(data: bytes) -> tuple[Part, ...]:
    """What `pack` made."""
    starts = range(0, len(data), _PART_BYTES)
    return tuple(Part(uuid_of(data[at : at + _ID_BYTES]), bool(data[at + _ID_BYTES])) for at in starts)
