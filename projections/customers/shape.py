"""A customer as SURFACE states it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from projections.mutes import Muted
from projections.organizations import Named


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """A handle of a customer: a claim, or proven. `muted`: said only where it is."""

    address: str
    proven: bool
    muted: Muted | None = None


class Counts(msgspec.Struct, frozen=True):
    """How many incidents."""

    open: int
    total: int


class Customer(msgspec.Struct, frozen=True):
    """A customer as SURFACE states it. `merged_into`: whose they are read as part of, for a merged one asked by id."""

    id: UUID
    name: str
    language: str
    organization: Named | None
    addresses: list[Address]
    incidents: Counts
    merged_into: UUID | None = None


class Part(msgspec.Struct, frozen=True):
    """A customer that was merged into another, as they were alone."""

    id: UUID
    name: str
    addresses: list[str]
    into: UUID
