"""Whether an address is muted, as the deciders see it. Kept in the table `muted_addresses` (tables.py)."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec

from schemas.bounces import why_muted
from schemas.facts.address import AddressMuted, AddressUnmuted, MuteReason

MuteFact: TypeAlias = AddressMuted | AddressUnmuted


class Mute(msgspec.Struct, frozen=True):
    """Since when and why. `interaction`: the mail of ours that came back, or was answered so."""

    reason: MuteReason
    status: str
    interaction: UUID
    since: datetime

    @property
    def why(self) -> str:
        """The word for it: a BounceReason, `complaint` or `asked`."""
        return why_muted(self.reason, self.status)


def evolve(fact: MuteFact) -> Mute | None:
    """What it is after a fact; None: not muted."""
    match fact:
        case AddressMuted():
            return Mute(fact.reason, fact.status, fact.interaction, fact.since)
        case AddressUnmuted():
            return None
        case _:
            assert_never(fact)
