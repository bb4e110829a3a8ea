"""How an arrival will be found again: its keys, what it waits for, whose part it is. Pure; after its facts."""

from __future__ import annotations

from uuid import UUID

from schemas.interaction import Direction
from services.incidents import parts
from services.incidents.arrival import Arrival, Key
from services.incidents.correlation import Grouping
from services.incidents.known import Known, Mail, Thread


def index(arrival: Arrival, grouping: Grouping, incident: UUID | None, known: Known) -> None:
    """Remember the keys of an arrival that ended in `incident`."""
    _keep_keys(arrival, incident, known)
    _keep_waits(arrival, incident, known)
    if arrival.message is not None and known.waits.pop(arrival.message, set()):
        known.changes.arrived.add(arrival.message)
    if incident is None:
        return
    for mail in grouping.pulls:
        move(mail.interaction, incident, known)
    if arrival.automatic is None:
        take_part(known, known.owners[arrival.address].customer, incident, arrival.item.sender.proven, arrival.topics)


def take_part(known: Known, customer: UUID, incident: UUID, proven: bool, topics: frozenset[Key]) -> None:
    """This customer spoke in the incident, about these topics. Their parts under `part_keys` are known."""
    for key in part_keys(customer, topics):
        was = known.parts.get(key, ())
        now = parts.add(was, incident, proven=proven, is_open=lambda other: _is_open(other, known))
        if now is not was:
            known.parts[key] = now
            known.changes.parts.add(key)


def part_keys(customer: UUID, topics: frozenset[Key]) -> list[Key]:
    """Everything that `take_part` changes."""
    about_them = parts.keys_of(customer, topics)
    return parts.keys_of(customer, ()) + about_them if topics else about_them


def _is_open(incident: UUID, known: Known) -> bool:
    state = known.incidents.get(incident)
    return state is not None and state.is_open


def move(interaction: UUID, incident: UUID, known: Known) -> None:
    """The interaction is in another incident now: so are answers to it."""
    known.changes.moved[interaction] = incident
    for key, thread in known.threads.items():
        if thread.interaction == interaction:
            known.threads[key] = Thread(interaction, incident, thread.parties)
    mail = known.mails.get(interaction)
    if mail is not None:
        known.mails[interaction] = mail.in_incident(incident)


def _keep_keys(arrival: Arrival, incident: UUID | None, known: Known) -> None:
    interaction = arrival.item.id
    for key in (arrival.thread, arrival.session, arrival.call):
        there = known.threads.get(key) if key is not None else None
        if key is not None and (there is None or there.incident is None):
            known.threads[key] = Thread(interaction, incident)
            if there is not None or key != arrival.thread or arrival.begun != interaction:  # else its link says it all
                known.changes.threads.add(key)
    if arrival.message is not None and arrival.message not in known.threads:
        known.threads[arrival.message] = Thread(interaction, incident, (arrival.address, *arrival.others))
        known.changes.threads.add(arrival.message)


def _keep_waits(arrival: Arrival, incident: UUID | None, known: Known) -> None:
    item = arrival.item
    unresolved = () if item.hints.thread_signed else [key for key in arrival.references if key not in known.threads]
    if (not unresolved and incident is not None) or arrival.direction is Direction.OUT:
        return
    known.mails[item.id] = Mail(
        item.id, incident, item.channel, item.thread, arrival.address, item.sender.proven, arrival.automatic
    )
    known.changes.mails.add(item.id)
    for key in unresolved:
        known.waits.setdefault(key, set()).add(item.id)
        known.changes.waits.add((key, item.id))
