"""Fills the working set from the write side's tables: few statements, each by primary key or a small index.

Under the store's lock, which the caller took as a statement of its own: what is read here is fresh.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from eventstore import store
from eventstore.database import Connection
from schemas.facts import stream_id
from services.calls.state import Call
from services.customers.state import Customer, Owner
from services.incidents.arrival import Arrival
from services.incidents.known import Known, Mail, Part, Thread
from services.incidents.state import Incident

_incident = msgspec.msgpack.Decoder(Incident)
_call = msgspec.msgpack.Decoder(Call)
_mail = msgspec.msgpack.Decoder(Mail)


def begin(connection: Connection) -> tuple[Known, datetime]:
    """An empty working set under the lock, and the database's time."""
    store.lock(connection)
    row = connection.execute("SELECT value, clock_timestamp() FROM counters WHERE name = 'incident'").fetchone()
    if row is None:
        msg = "the table `counters` has lost its row `incident`"
        raise LookupError(msg)
    number, now = row
    return Known(last_number=number), now


def load_for(connection: Connection, known: Known, arrivals: Sequence[Arrival]) -> None:
    """Everything that correlation may ask about these arrivals."""
    load_threads(connection, known, {key for arrival in arrivals for key in arrival.keys})
    _load_waits(connection, known, {arrival.message for arrival in arrivals if arrival.message})
    load_owners(
        connection,
        known,
        {arrival.address for arrival in arrivals} | {address for arrival in arrivals for address, _ in arrival.claims},
    )
    _load_parts(connection, known)
    incidents = {thread.incident for thread in known.threads.values()} | {
        mail.incident for mail in known.mails.values()
    }
    incidents |= {incident for parts in known.parts.values() for incident in parts}
    incidents |= {arrival.item.hints.incident for arrival in arrivals}
    numbers = {number for arrival in arrivals if (number := arrival.item.hints.subject_number) is not None}
    load_incidents(connection, known, {incident for incident in incidents if incident}, numbers)
    if any(arrival.item.hints.thread_signed for arrival in arrivals) or numbers:
        load_customers(connection, known, {incident.customer for incident in known.incidents.values()})
    about = {arrival.item.hints.about for arrival in arrivals if arrival.about in known.threads}
    load_versions(connection, known, [stream_id("interaction", subject) for subject in about if subject])


def load_threads(connection: Connection, known: Known, keys: Collection[UUID]) -> None:
    """Where these keys lead."""
    rows: Iterable[tuple[UUID, UUID, UUID | None, list[UUID]]] = connection.execute(
        "SELECT key, interaction, incident, parties FROM threads WHERE key = ANY(%b)", (list(keys),), binary=True
    )
    for key, interaction, incident, parties in rows:
        known.threads[key] = Thread(interaction, incident, frozenset(parties))


def _load_waits(connection: Connection, known: Known, messages: Collection[UUID]) -> None:
    if messages:
        rows: Iterable[tuple[UUID, UUID]] = connection.execute(
            "SELECT reference, interaction FROM waiting WHERE reference = ANY(%b)", (list(messages),), binary=True
        )
        for reference, interaction in rows:
            known.waits.setdefault(reference, set()).add(interaction)
    wanted = {interaction for waiting in known.waits.values() for interaction in waiting}
    wanted |= {thread.interaction for thread in known.threads.values() if thread.incident is None}
    load_mails(connection, known, wanted)


def load_mails(connection: Connection, known: Known, interactions: Collection[UUID]) -> None:
    """What is known of mails that wait."""
    if not interactions:
        return
    rows: Iterable[tuple[bytes, UUID | None]] = connection.execute(
        "SELECT link, incident FROM waiting_mail WHERE interaction = ANY(%b)", (list(interactions),), binary=True
    )
    for link, incident in rows:
        mail = _mail.decode(link)
        known.mails[mail.interaction] = mail.in_incident(incident)


def load_owners(connection: Connection, known: Known, addresses: Collection[UUID]) -> None:
    """Whose these addresses are, and those customers with all who are read as them."""
    wanted = [address for address in addresses if address not in known.owners]
    if not wanted:
        return
    rows: Sequence[tuple[UUID, UUID, bool]] = connection.execute(
        "SELECT address, customer, proven FROM address_owner WHERE address = ANY(%b)", (wanted,), binary=True
    ).fetchall()
    known.owners.update({address: Owner(customer, proven) for address, customer, proven in rows})
    load_customers(connection, known, {customer for _, customer, _ in rows})


def load_customers(connection: Connection, known: Known, customers: Collection[UUID]) -> None:
    """These customers and all who are read as them."""
    wanted = [customer for customer in customers if customer not in known.customers]
    if not wanted:
        return
    rows: Iterable[tuple[UUID, UUID, UUID | None, bool, int]] = connection.execute(
        "SELECT customer, root, merged_into, erased, version FROM customer_state"
        " WHERE root = ANY(ARRAY(SELECT root FROM customer_state WHERE customer = ANY(%b)))",
        (wanted,),
        binary=True,
    )
    for customer, root, merged_into, erased, version in rows:
        known.add_customer(Customer(id=customer, root=root, merged_into=merged_into, erased=erased))
        known.versions[stream_id("customer", customer)] = version


def _load_parts(connection: Connection, known: Known) -> None:
    if not known.customers:
        return
    rows: Iterable[tuple[UUID, UUID, bool, list[UUID]]] = connection.execute(
        "SELECT customer, incident, proven, topics FROM joinable WHERE customer = ANY(%b) AND open",
        (list(known.customers),),
        binary=True,
    )
    for customer, incident, proven, topics in rows:
        known.parts.setdefault(customer, {})[incident] = Part(proven, frozenset(topics))


def load_incidents(
    connection: Connection, known: Known, incidents: Collection[UUID], numbers: Collection[int] = ()
) -> None:
    """These incidents and all that are read as one with them."""
    wanted = [incident for incident in incidents if incident not in known.incidents]
    numbered = [number for number in numbers if number not in known.numbers]
    if not wanted and not numbered:
        return
    rows: Iterable[tuple[UUID, int, bytes]] = connection.execute(
        "SELECT incident, version, state FROM incident_state WHERE root = ANY(ARRAY("
        "SELECT root FROM incident_state WHERE incident = ANY(%b)"
        " UNION ALL SELECT root FROM incident_state WHERE number = ANY(%b::bigint[])))",
        (wanted, numbered),
        binary=True,
    )
    for incident, version, state in rows:
        known.add(_incident.decode(state))
        known.versions[stream_id("incident", incident)] = version


def load_calls(connection: Connection, known: Known, calls: Collection[UUID]) -> None:
    """The state of these calls."""
    if not calls:
        return
    rows: Iterable[tuple[UUID, int, bytes]] = connection.execute(
        "SELECT call, version, state FROM call_state WHERE call = ANY(%b)", (list(calls),), binary=True
    )
    for call, version, state in rows:
        known.calls[call] = _call.decode(state)
        known.versions[stream_id("call", call)] = version


def load_versions(connection: Connection, known: Known, streams: Sequence[str]) -> None:
    """The last versions of streams without a state of their own."""
    if streams:
        known.versions.update(store.versions(connection, streams))
