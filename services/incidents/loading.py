"""Fills the working set from the write side's tables: few statements, each by primary key or a small index.

Under the store's lock, which the caller took as a statement of its own: what is read here is fresh.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from eventstore import store
from eventstore.database import Connection
from eventstore.packed import Byteas, Uuids
from schemas.facts import stream_id
from services.callbacks.state import Callback
from services.calls.state import Call
from services.chats.state import Chat
from services.customers.state import Customer, Owner
from services.incidents import leads, parts
from services.incidents.arrival import Arrival, Key
from services.incidents.indexing import part_keys
from services.incidents.known import Known
from services.incidents.state import Incident

_incident = msgspec.msgpack.Decoder(Incident)
_call = msgspec.msgpack.Decoder(Call)
_callback = msgspec.msgpack.Decoder(Callback)
_chat = msgspec.msgpack.Decoder(Chat)


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
    leads.load_threads(connection, known, [key for arrival in arrivals for key in arrival.keys])
    leads.load_begun(
        connection, known, {arrival.thread: arrival.begun for arrival in arrivals if arrival.begun != arrival.item.id}
    )
    leads.load_waits(connection, known, [arrival.message for arrival in arrivals if arrival.message])
    claimed = [address for arrival in arrivals for address, _ in arrival.claims]
    load_owners(connection, known, [arrival.address for arrival in arrivals] + claimed)
    load_parts(connection, known, {key for arrival in arrivals for key in _part_keys(arrival, known)})
    incidents = {thread.incident for thread in known.threads.values()} | {
        mail.incident for mail in known.mails.values()
    }
    incidents |= {part.incident for found in known.parts.values() for part in found}
    incidents |= {arrival.item.hints.incident for arrival in arrivals}
    numbers = {number for arrival in arrivals if (number := arrival.item.hints.subject_number) is not None}
    load_incidents(connection, known, {incident for incident in incidents if incident}, numbers)
    _load_follow_ups(connection, known)
    if any(arrival.item.hints.thread_signed for arrival in arrivals) or numbers:
        load_customers(connection, known, {incident.customer for incident in known.incidents.values()})
    about = {arrival.item.hints.about for arrival in arrivals if arrival.about in known.threads}
    load_versions(connection, known, [stream_id("interaction", subject) for subject in about if subject])


def _load_follow_ups(connection: Connection, known: Known) -> None:
    """Where closed ones went on, and where those did."""
    asked: set[UUID] = set()
    while later := {one.followed_by for one in known.incidents.values() if one.followed_by} - known.incidents.keys():
        if later <= asked:
            return
        asked |= later
        load_incidents(connection, known, later)


def load_owners(connection: Connection, known: Known, addresses: Collection[UUID]) -> None:
    """Whose these addresses are, and those customers with all who are read as them."""
    wanted = [address for address in addresses if address not in known.owners] if known.owners else addresses
    if not wanted:
        return
    rows: Sequence[tuple[UUID, UUID, bool]] = connection.execute(
        "SELECT address, customer, proven FROM address_owner WHERE address = ANY(%b)", (Uuids(wanted),), binary=True
    ).fetchall()
    known.owners.update({address: Owner(customer, proven) for address, customer, proven in rows})
    load_customers(connection, known, {customer for _, customer, _ in rows})


def load_customers(connection: Connection, known: Known, customers: Collection[UUID]) -> None:
    """These customers and all who are read as them."""
    wanted = {customer for customer in customers if customer not in known.customers}
    if not wanted:
        return
    _add_customers(
        known,
        connection.execute(
            "SELECT customer, root, merged_into, erased, organization, version FROM customer_state"
            " WHERE customer = ANY(%b)",
            (Uuids(wanted),),
            binary=True,
        ),
    )
    roots = {known.customers[customer].root for customer in wanted if customer in known.customers}
    _add_customers(
        known,
        connection.execute(
            "SELECT customer, root, merged_into, erased, organization, version FROM customer_state"
            " WHERE root = ANY(%b) AND root <> customer",
            (Uuids(roots),),
            binary=True,
        ),
    )
    load_customers(connection, known, roots - wanted)


def _add_customers(known: Known, rows: Iterable[tuple[UUID, UUID, UUID | None, bool, UUID | None, int]]) -> None:
    for customer, root, merged_into, erased, organization, version in rows:
        if customer not in known.customers:  # else it is as this transaction decided
            known.add_customer(
                Customer(id=customer, root=root, merged_into=merged_into, erased=erased, organization=organization)
            )
            known.versions[stream_id("customer", customer)] = version


def _part_keys(arrival: Arrival, known: Known) -> Iterable[Key]:
    for address in (arrival.address, *(address for address, _ in arrival.claims)):
        customer = known.customer_of(address)
        for kin in known.kin.get(customer, ()) if customer is not None else ():
            yield from parts.keys_of(kin, arrival.topics)
    owner = known.owners.get(arrival.address)
    if owner is not None:
        yield from part_keys(owner.customer, arrival.topics)


def load_parts(connection: Connection, known: Known, keys: Collection[Key]) -> None:
    """In which incidents customers spoke last, by the keys of customer and topic."""
    wanted = [key for key in keys if key not in known.parts]
    if not wanted:
        return
    rows: Iterable[tuple[Key, bytes]] = connection.execute(
        "SELECT key, parts FROM joinable WHERE key = ANY(%b)", (Byteas(wanted),), binary=True
    )
    for key, packed in rows:
        known.parts[key] = parts.unpack(packed)


def load_incidents(
    connection: Connection, known: Known, incidents: Collection[UUID], numbers: Collection[int] = ()
) -> None:
    """These incidents and all that are read as one with them."""
    numbered = [number for number in numbers if number not in known.numbers]
    if numbered:
        rows: Iterable[tuple[UUID]] = connection.execute(
            "SELECT incident FROM incident_state WHERE number = ANY(%b::bigint[])", (numbered,), binary=True
        )
        incidents = {*incidents, *(incident for (incident,) in rows)}
    wanted = {incident for incident in incidents if incident not in known.incidents}
    if not wanted:
        return
    roots = _add_incidents(
        known,
        connection.execute(
            "SELECT incident, root, version, state FROM incident_state WHERE incident = ANY(%b)",
            (Uuids(wanted),),
            binary=True,
        ),
    )
    _add_incidents(
        known,
        connection.execute(
            "SELECT incident, root, version, state FROM incident_state WHERE root = ANY(%b) AND root <> incident",
            (Uuids(roots),),
            binary=True,
        ),
    )
    load_incidents(connection, known, roots - wanted)


def _add_incidents(known: Known, rows: Iterable[tuple[UUID, UUID, int, bytes]]) -> set[UUID]:
    roots: set[UUID] = set()
    for incident, root, version, state in rows:
        roots.add(root)
        if incident not in known.incidents:  # else it is as this transaction decided
            known.add(_incident.decode(state))
            known.versions[stream_id("incident", incident)] = version
    return roots


def load_calls(connection: Connection, known: Known, calls: Collection[UUID]) -> None:
    """The state of these calls."""
    wanted = [call for call in calls if call not in known.calls]
    if not wanted:
        return
    rows: Iterable[tuple[UUID, int, bytes]] = connection.execute(
        "SELECT call, version, state FROM call_state WHERE call = ANY(%b)", (Uuids(wanted),), binary=True
    )
    for call, version, state in rows:
        known.calls[call] = _call.decode(state)
        known.versions[stream_id("call", call)] = version


def load_callbacks(
    connection: Connection, known: Known, callbacks: Collection[UUID] = (), *, calls: Collection[UUID] = ()
) -> None:
    """The state of these call-me-backs, and of those that these calls were made for."""
    wanted = [callback for callback in callbacks if callback not in known.callbacks]
    if not wanted and not calls:
        return
    rows: Iterable[tuple[UUID, int, bytes]] = connection.execute(
        "SELECT callback, version, state FROM callback_state WHERE callback = ANY(%b) OR call = ANY(%b)",
        (Uuids(wanted), Uuids(calls)),
        binary=True,
    )
    for callback, version, state in rows:
        if callback not in known.callbacks:  # else it is as this transaction decided
            known.callbacks[callback] = _callback.decode(state)
            known.versions[stream_id("callback", callback)] = version


def load_chats(
    connection: Connection, known: Known, chats: Collection[UUID] = (), *, threads: Collection[UUID] = ()
) -> None:
    """The state of these chats, and of those that were held on these threads."""
    wanted = [chat for chat in chats if chat not in known.chats]
    if not wanted and not threads:
        return
    rows: Iterable[tuple[UUID, int, bytes]] = connection.execute(
        "SELECT chat, version, state FROM chat_state WHERE chat = ANY(%b) OR thread = ANY(%b)",
        (Uuids(wanted), Uuids(threads)),
        binary=True,
    )
    for chat, version, state in rows:
        if chat not in known.chats:  # else it is as this transaction decided
            known.chats[chat] = _chat.decode(state)
            known.versions[stream_id("chat", chat)] = version


def load_versions(connection: Connection, known: Known, streams: Sequence[str]) -> None:
    """The last versions of streams without a state of their own."""
    wanted = [stream for stream in streams if stream not in known.versions]
    if wanted:
        known.versions.update(store.versions(connection, wanted))


def load_addresses(connection: Connection, customers: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """(address, customer) of these customers, the proven ones first."""
    rows: Sequence[tuple[UUID, UUID]] = connection.execute(
        "SELECT address, customer FROM address_owner WHERE customer = ANY(%b) ORDER BY proven DESC, address",
        (Uuids(customers),),
        binary=True,
    ).fetchall()
    return list(rows)


def current(connection: Connection, addresses: Mapping[UUID, str]) -> dict[UUID, str]:
    """The same addresses under the ids they have now: one whose owner was erased begins anew under another."""
    renewed = load_renewed(connection, addresses)
    return {renewed.get(address, address): text for address, text in addresses.items()}


def load_renewed(connection: Connection, addresses: Collection[UUID]) -> dict[UUID, UUID]:
    """Erased address → the id it is known by since."""
    rows: Sequence[tuple[UUID, UUID]] = connection.execute(
        "SELECT address, renewed FROM renewed_address WHERE address = ANY(%b)", (Uuids(addresses),), binary=True
    ).fetchall()
    return dict(rows)
