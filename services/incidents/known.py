"""What one transaction knows and has decided so far: the working set. Filled and kept by `tables.py`, read by deciders.

It evolves with every fact, so that interactions of one batch see each other as if each had been alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeGuard, get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.ledger import Cause
from schemas.facts import Fact, stream_id
from schemas.facts.call import CallStarted
from schemas.facts.callback import CallbackRequested
from schemas.facts.chat import ChatMissed, ChatRequested
from schemas.facts.customer import AddressAdded, AddressProven, CustomerMerged, CustomerRegistered, CustomerUnmerged
from schemas.facts.incident import IncidentMerged, IncidentOpened, IncidentUnmerged, InteractionLinked, Status
from schemas.facts.organization import OrganizationRegistered
from schemas.interaction import Automatic, Channel
from schemas.lifecycle import merged_status
from services.callbacks import state as callbacks
from services.callbacks.state import Callback, CallbackFact
from services.calls import state as calls
from services.calls.state import Call, CallFact
from services.chats import state as chats
from services.chats.state import Chat, ChatFact
from services.customers import state as customers
from services.customers.state import Customer, CustomerFact, Owner
from services.deliveries.queue import NewDelivery
from services.incidents import state as incidents
from services.incidents.arrival import Key
from services.incidents.parts import Part
from services.incidents.state import Incident, IncidentFact
from services.muting import state as mutes
from services.muting.state import Mute, MuteFact
from services.organizations import state as organizations
from services.organizations.state import Organization, OrganizationFact

_OF_INCIDENT, _OF_CUSTOMER, _OF_CALL = (frozenset(get_args(each)) for each in (IncidentFact, CustomerFact, CallFact))
_OF_OTHERS = frozenset(get_args(CallbackFact | ChatFact | OrganizationFact | MuteFact))


def _is_of_incident(fact: Fact) -> TypeGuard[IncidentFact]:
    # `isinstance` asks a union's members one by one, and this is asked thousands of times a second
    return type(fact) in _OF_INCIDENT


def _is_of_customer(fact: Fact) -> TypeGuard[CustomerFact]:
    return type(fact) in _OF_CUSTOMER


def _is_of_call(fact: Fact) -> TypeGuard[CallFact]:
    return type(fact) in _OF_CALL


class Thread(msgspec.Struct, frozen=True):
    """Where a key leads. `parties` of a mail: its author first. `incident` None: automatic mail that is nowhere yet."""

    interaction: UUID
    incident: UUID | None
    parties: tuple[UUID, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where an interaction is: its link's version in the incident's stream; `status` just before it, where known."""

    incident: UUID
    version: int
    status: Status | None


class Mail(msgspec.Struct, frozen=True, array_like=True):
    """A mail that waits: for what it answers, or (automatic, `incident` None) for a place."""

    interaction: UUID
    incident: UUID | None
    channel: Channel
    thread: UUID
    address: UUID
    proven: bool
    automatic: Automatic | None

    def in_incident(self, incident: UUID | None) -> Mail:
        """The same mail, where it is now."""
        return replace(self, incident=incident)


@dataclass(slots=True)
class Changes:
    """What has to be written: names of what moved."""

    incidents: set[UUID] = field(default_factory=set[UUID])
    snoozes: set[UUID] = field(default_factory=set[UUID])
    """Incidents that were snoozed before or are now."""
    customers: set[UUID] = field(default_factory=set[UUID])
    owners: set[UUID] = field(default_factory=set[UUID])
    calls: set[UUID] = field(default_factory=set[UUID])
    callbacks: set[UUID] = field(default_factory=set[UUID])
    chats: set[UUID] = field(default_factory=set[UUID])
    mutes: set[UUID] = field(default_factory=set[UUID])
    organizations: set[UUID] = field(default_factory=set[UUID])
    threads: set[Key] = field(default_factory=set[Key])
    parts: set[Key] = field(default_factory=set[Key])
    mails: set[UUID] = field(default_factory=set[UUID])
    waits: set[tuple[Key, UUID]] = field(default_factory=set[tuple[Key, UUID]])
    links: dict[UUID, Place] = field(default_factory=dict[UUID, Place])
    arrived: set[Key] = field(default_factory=set[Key])
    moved: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """Interaction → incident, where an agent moved it."""


@dataclass(slots=True)
class Known:
    """The working set. Absent means: the tables have no such row."""

    last_number: int = 0
    incidents: dict[UUID, Incident] = field(default_factory=dict[UUID, Incident])
    numbers: dict[int, UUID] = field(default_factory=dict[int, UUID])
    aliases: dict[UUID, set[UUID]] = field(default_factory=dict[UUID, set[UUID]])
    """Incident → those merged directly into it."""
    customers: dict[UUID, Customer] = field(default_factory=dict[UUID, Customer])
    owners: dict[UUID, Owner] = field(default_factory=dict[UUID, Owner])
    calls: dict[UUID, Call] = field(default_factory=dict[UUID, Call])
    callbacks: dict[UUID, Callback] = field(default_factory=dict[UUID, Callback])
    chats: dict[UUID, Chat] = field(default_factory=dict[UUID, Chat])
    organizations: dict[UUID, Organization] = field(default_factory=dict[UUID, Organization])
    mutes: dict[UUID, Mute | None] = field(default_factory=dict[UUID, Mute | None])
    recipients: dict[UUID, frozenset[UUID]] = field(default_factory=dict[UUID, frozenset[UUID]])
    """Mail of ours that a report speaks of → to whom it went."""
    available: frozenset[str] = frozenset()
    """Agents who take chats: read where a chat may begin."""
    threads: dict[Key, Thread] = field(default_factory=dict[Key, Thread])
    kin: dict[UUID, set[UUID]] = field(default_factory=dict[UUID, set[UUID]])
    """Customer → all that are read as them, themselves included."""
    parts: dict[Key, tuple[Part, ...]] = field(default_factory=dict[Key, tuple[Part, ...]])
    """Key of customer and topic → the customer's parts, the latest last."""
    waits: dict[Key, set[UUID]] = field(default_factory=dict[Key, set[UUID]])
    """Key of a mail that isn't here → the mails that answer it."""
    mails: dict[UUID, Mail] = field(default_factory=dict[UUID, Mail])
    versions: dict[str, int] = field(default_factory=dict[str, int])
    grown: Counter[UUID] = field(default_factory=Counter[UUID])
    """How many facts each customer, call, call-me-back, chat and organization got."""
    facts: list[tuple[Fact, Cause]] = field(default_factory=list[tuple[Fact, Cause]])
    deliveries: list[NewDelivery] = field(default_factory=list[NewDelivery])
    changes: Changes = field(default_factory=Changes)

    def root(self, incident: UUID) -> UUID:
        """The incident this one is read as."""
        while (into := self.incidents[incident].merged_into) is not None:
            incident = into
        return incident

    def family(self, incident: UUID) -> list[Incident]:
        """All incidents read as one with this one, the root first."""
        found = [self.incidents[self.root(incident)]]
        if found[0].id not in self.aliases:  # as nearly always
            return found
        for member in found:
            found += (self.incidents[alias] for alias in sorted(self.aliases.get(member.id, ())))
        return found

    def status(self, incident: UUID) -> Status:
        """Of the whole that the incident is read as."""
        return merged_status((member.status, member.spoken_at) for member in self.family(incident))

    def add(self, incident: Incident) -> None:
        """Know an incident that was read."""
        self.incidents[incident.id] = incident
        self.numbers[incident.number] = incident.id
        if incident.merged_into is not None:
            self.aliases.setdefault(incident.merged_into, set()).add(incident.id)

    def add_customer(self, customer: Customer) -> None:
        """Know a customer that was read."""
        self.customers[customer.id] = customer
        self.kin.setdefault(customer.root, set()).add(customer.id)

    def customer_of(self, address: UUID) -> UUID | None:
        """The customer (as read now) whose address it is."""
        owner = self.owners.get(address)
        return None if owner is None else self.customers[owner.customer].root

    def record(self, facts: Iterable[Fact], cause: Cause) -> None:
        """These happened: evolve, and remember to write them."""
        for fact in facts:
            self.facts.append((fact, cause))
            if _is_of_incident(fact):
                self._incident(fact)
            elif _is_of_customer(fact):
                self._customer(fact)
            elif _is_of_call(fact):
                self._call(fact)
            elif type(fact) not in _OF_OTHERS:
                continue  # it changes nothing that is kept of anybody
            elif isinstance(fact, CallbackFact):
                self._callback(fact)
            elif isinstance(fact, ChatFact):
                self._chat(fact)
            elif isinstance(fact, OrganizationFact):
                self._organization(fact)
            elif isinstance(fact, MuteFact):
                self.grown[fact.address] += 1
                self.mutes[fact.address] = mutes.evolve(fact)
                self.changes.mutes.add(fact.address)

    def version(self, category: str, subject: UUID) -> int:
        """Version of a stream once all facts are recorded."""
        return self.versions.get(stream_id(category, subject), 0) + self.grown[subject]

    def _incident(self, fact: IncidentFact) -> None:
        known = self.incidents.get(fact.incident)
        if isinstance(fact, IncidentOpened) or known is None:
            if not isinstance(fact, IncidentOpened):
                msg = f"{fact.type_name} before its incident was read"
                raise LookupError(msg)
            self.last_number = max(self.last_number, fact.number)
            self.add(incidents.opened(fact))
        else:
            now = self.incidents[fact.incident] = incidents.evolve(known, fact)
            if isinstance(fact, InteractionLinked):
                self.changes.links[fact.interaction] = Place(fact.incident, now.version, known.status)
            if known.snoozed or now.snoozed:
                self.changes.snoozes.add(fact.incident)
            if isinstance(fact, IncidentMerged):
                self.aliases.setdefault(fact.into, set()).add(fact.incident)
                self.changes.incidents.update(member.id for member in self.family(fact.incident))
            elif isinstance(fact, IncidentUnmerged):
                self.changes.incidents.update(member.id for member in self.family(fact.out_of))
                self.aliases[fact.out_of].discard(fact.incident)
        self.changes.incidents.add(fact.incident)

    def _customer(self, fact: CustomerFact) -> None:
        self.grown[fact.customer] += 1
        known = self.customers.get(fact.customer) or Customer(id=fact.customer, root=fact.customer)
        self.add_customer(customers.evolve(known, fact))
        self.changes.customers.add(fact.customer)
        match fact:
            case CustomerRegistered():
                self.owners.setdefault(fact.address, Owner(fact.customer, proven=False))
                self.changes.owners.add(fact.address)
            case AddressAdded(proven=True) | AddressProven():
                # somebody's mere claim takes no address: it is whoever's who wrote from it, or showed it
                self.owners[fact.address] = Owner(fact.customer, proven=True)
                self.changes.owners.add(fact.address)
            case CustomerMerged() | CustomerUnmerged():
                self._regroup(known.root, self.customers[fact.customer])
            case _:
                pass

    def _regroup(self, was: UUID, moved: Customer) -> None:
        """Every customer of the family has its root anew."""
        root = self.customers[moved.merged_into].root if moved.merged_into is not None else moved.id
        below = [moved.id]
        for customer in below:
            below += (kin for kin in self.kin[was] if self.customers[kin].merged_into == customer)
        for customer in below:
            self.kin[was].discard(customer)
            self.add_customer(replace(self.customers[customer], root=root))
        self.changes.customers.update(below)

    def _call(self, fact: CallFact) -> None:
        self.grown[fact.call] += 1
        known = self.calls.get(fact.call)
        if isinstance(fact, CallStarted):
            self.calls[fact.call] = calls.started(fact)
        elif known is not None:
            self.calls[fact.call] = calls.evolve(known, fact)
        self.changes.calls.add(fact.call)

    def _callback(self, fact: CallbackFact) -> None:
        self.grown[fact.callback] += 1
        if isinstance(fact, CallbackRequested):
            self.callbacks[fact.callback] = callbacks.requested(fact)
        else:
            self.callbacks[fact.callback] = callbacks.evolve(self.callbacks[fact.callback], fact)
        self.changes.callbacks.add(fact.callback)

    def _chat(self, fact: ChatFact) -> None:
        self.grown[fact.chat] += 1
        known = self.chats.get(fact.chat)
        if known is not None:
            self.chats[fact.chat] = chats.evolve(known, fact)
        elif isinstance(fact, ChatRequested | ChatMissed):
            self.chats[fact.chat] = chats.begun(fact)
        else:
            msg = f"{fact.type_name} before its chat was read"
            raise LookupError(msg)
        self.changes.chats.add(fact.chat)

    def _organization(self, fact: OrganizationFact) -> None:
        self.grown[fact.organization] += 1
        if isinstance(fact, OrganizationRegistered):
            self.organizations[fact.organization] = organizations.registered(fact)
        else:
            known = self.organizations[fact.organization]
            self.organizations[fact.organization] = organizations.evolve(known, fact)
        self.changes.organizations.add(fact.organization)
