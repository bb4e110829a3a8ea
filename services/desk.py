"""What a command works with: one transaction, its working set, and what has to wait for the commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

import msgspec

from eventstore.database import Connection
from eventstore.ledger import Ledger
from eventstore.sight import EVERYTHING, Sight
from schemas.facts import Fact, stream_id, stream_of
from services.callbacks.requests import ReleaseCallback, RescheduleCallback
from services.calls.requests import ChangeCall
from services.chats.requests import TakeBackTransfer
from services.customers.requests import MergeCustomers, SetOrganization, UnmergeCustomers
from services.incidents import loading
from services.incidents.arrival import Reader
from services.incidents.batch import Rules
from services.incidents.known import Known
from services.incidents.requests import IncidentRequest
from services.muting.requests import MuteAgain
from services.organizations.requests import ChangeOrganization, RestoreOrganization, RetireOrganization

Inverse: TypeAlias = (
    IncidentRequest
    | ReleaseCallback
    | RescheduleCallback
    | ChangeCall
    | TakeBackTransfer
    | MergeCustomers
    | UnmergeCustomers
    | SetOrganization
    | MuteAgain
    | ChangeOrganization
    | RetireOrganization
    | RestoreOrganization
)
"""What undoes something: kept, and run later (services/undo.py)."""

F = TypeVar("F", bound=Fact)


@dataclass(slots=True)
class Desk:
    """`blobs`: to be deleted once the facts are durable; `sight`: of whoever asks."""

    connection: Connection
    ledger: Ledger
    known: Known
    rules: Rules
    blobs: set[str] = field(default_factory=set[str])
    sight: Sight = EVERYTHING

    @property
    def reader(self) -> Reader:
        """Makes keyed ids."""
        return self.rules.reader

    def sees(self, incident: UUID) -> bool:
        """May whoever asks see this incident?"""
        if not self.sight.hidden:
            return True
        loading.load_incidents(self.connection, self.known, [incident])
        whole = self.known.incidents[self.known.root(incident)]
        return self.sight.sees(whole.team, whole.assignee)

    def last(self, kind: type[F], subject: UUID) -> F | None:
        """The last fact of a kind in its subject's stream, with what this transaction adds; loads the stream."""
        stream = stream_id(kind.category, subject)
        loading.load_versions(self.connection, self.known, [stream])
        told = [*self.ledger.load(self.connection, [stream])[stream].facts, *(fact for fact, _ in self.known.facts)]
        return next((fact for fact in reversed(told) if isinstance(fact, kind) and stream_of(fact) == stream), None)


class Refusal(msgspec.Struct, frozen=True):
    """An incident, of several, that a command left as it was, and why."""

    number: int
    detail: str


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a command's handler did, before its facts have positions."""

    subject: UUID
    number: int | None = None
    interaction: UUID | None = None
    delivery: str | None = None
    note: UUID | None = None
    held_until: datetime | None = None
    changed: int = 0
    refused: tuple[Refusal, ...] = ()
    inverse: tuple[Inverse, ...] = ()
    """What undoes it."""
