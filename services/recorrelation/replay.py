"""The history walked through once more, in memory: where each mail would go by today's rules, as it stood then.

A mail that would go elsewhere stands there for what comes after: answers follow it. Second step, before proposals.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import get_args
from uuid import UUID

import msgspec

from eventstore import store
from eventstore.database import Connection
from eventstore.keys import Keys
from eventstore.ledger import NO_CAUSE
from eventstore.recorded import Recorded
from schemas.facts import Fact
from schemas.facts.incident import (
    IncidentMerged,
    IncidentOpened,
    IncidentUnmerged,
    InteractionLinked,
    InteractionUnlinked,
    Reason,
)
from schemas.facts.interaction import InteractionReceived
from schemas.ids import id_beside
from schemas.interaction import Channel, Interaction
from services.customers.state import CustomerFact
from services.incidents.arrival import Arrival, Reader
from services.incidents.correlation import Grouping, correlate
from services.incidents.indexing import index, move
from services.incidents.known import Changes, Known
from services.incidents.state import IncidentFact
from services.recorrelation.again import recorded

RECORRELATE = "recorrelate"
"""Stands in facts as `by` for what a re-correlation mended."""
_FOLDED = frozenset({*get_args(IncidentFact), *get_args(CustomerFact)})
_PAGE = 1_000


class Decision(msgspec.Struct, frozen=True):
    """Where a mail was put, and where it would be. `joins`: incidents that would be read with that one."""

    interaction: UUID
    linked: UUID
    decided: UUID
    reason: Reason
    joins: tuple[UUID, ...]

    @property
    def own(self) -> UUID:
        """The incident that is its own, if it opened one."""
        return id_beside(self.interaction, "incident")


@dataclass(slots=True)
class Replay:
    """`now`: interaction → incident, at the end of history. `by_hand`: interactions and incidents people regrouped."""

    reader: Reader
    window: timedelta
    parsed: Mapping[UUID, Interaction]
    reopen: timedelta = timedelta(days=30)
    known: Known = field(default_factory=Known)
    decisions: list[Decision] = field(default_factory=list[Decision])
    now: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    by_hand: set[UUID] = field(default_factory=set[UUID])
    subjects: dict[UUID, str] = field(default_factory=dict[UUID, str])

    def run(self, connection: Connection, keys: Keys, until: int) -> None:
        """Walk through all facts up to a position."""
        for together in _together(connection, keys, until):
            self.take(together)

    def take(self, together: Sequence[tuple[Recorded, Fact]]) -> None:
        """The facts of one cause: what came is decided as it was then, before any of them."""
        received = next((fact for _, fact in together if isinstance(fact, InteractionReceived)), None)
        arrival = self._arrival(received) if received is not None else None
        grouping = None
        if arrival is not None and arrival.item.channel is Channel.EMAIL and arrival.item.id in self.parsed:
            grouping = correlate(
                arrival, self.known, now=together[0][0].recorded_at, window=self.window, reopen=self.reopen
            )
        for _, fact in together:
            self._fold(fact)
        if arrival is not None:
            self._place(arrival, grouping)
        self.known.facts.clear()  # nothing of this is written
        self.known.changes = Changes()

    def _arrival(self, fact: InteractionReceived) -> Arrival | None:
        item = self.parsed.get(fact.interaction) or recorded(fact)
        if item is None:
            return None
        read = self.reader.read(item)
        return read.under({read.address: fact.address}) if read.address != fact.address else read

    def _place(self, arrival: Arrival, grouping: Grouping | None) -> None:
        interaction = arrival.item.id
        linked = self.now.get(interaction)
        decided = linked
        if grouping is not None and linked is not None:
            own = id_beside(interaction, "incident")
            decided = grouping.incident or (linked if arrival.automatic is not None else own)
            self.decisions.append(Decision(interaction, linked, decided, grouping.reason, grouping.joins))
            if decided == own and own not in self.known.incidents:
                self._open(arrival, own)
                self.subjects[own] = arrival.item.subject
        if arrival.automatic is None and arrival.address not in self.known.owners:
            return  # erased since, as the facts are read now
        index(arrival, grouping or Grouping(incident=linked, reason=Reason.NEW), decided, self.known)

    def _open(self, arrival: Arrival, own: UUID) -> None:
        """An incident that there isn't, for what would be in it. Its number is nobody's."""
        opened = IncidentOpened(
            incident=own,
            number=-1 - len(self.subjects),
            customer=self.known.owners[arrival.address].customer,
            address=arrival.address,
            proven=arrival.item.sender.proven,
            channel=arrival.item.channel,
            at=arrival.item.received_at,
        )
        self.known.record([opened], NO_CAUSE)

    def _fold(self, fact: Fact) -> None:
        if type(fact) not in _FOLDED:
            return
        match fact:
            case InteractionLinked():
                self.now[fact.interaction] = fact.incident
            case InteractionUnlinked():
                self.by_hand.add(fact.interaction)
                move(fact.interaction, fact.to, self.known)
            case IncidentOpened(split_from=UUID() as whole):
                self.by_hand.update((fact.incident, whole))
            case IncidentMerged(by=by) if by not in {"", RECORRELATE}:
                self.by_hand.update((fact.incident, fact.into))
            case IncidentUnmerged():
                self.by_hand.update((fact.incident, fact.out_of))
            case _:
                pass
        self.known.record([fact], NO_CAUSE)


def _together(connection: Connection, keys: Keys, until: int) -> Iterator[list[tuple[Recorded, Fact]]]:
    """Facts of one cause after each other; a page ends where a cause does."""
    position = 0
    left: list[tuple[Recorded, Fact]] = []
    while events := store.read_after(connection, position, _PAGE, until=until):
        position = events[-1].position
        facts = zip(events, keys.facts(connection, events), strict=True)
        read = left + [(event, fact) for event, fact in facts if isinstance(fact, Fact)]
        groups = [list(group) for _, group in groupby(read, key=lambda one: one[0].causation or one[0].position)]
        left = groups.pop() if groups else []
        yield from groups
    if left:
        yield left
