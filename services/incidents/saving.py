"""Keeps what a transaction decided: the facts, then the rows that changed with them, each table in one statement."""

from __future__ import annotations

from uuid import UUID

import msgspec

from eventstore.database import Connection
from eventstore.ledger import Ledger
from eventstore.packed import Bools, Byteas, Int4s, Int8s, Texts, Uuids
from schemas.ids import in_letters
from services.chats.state import Stage
from services.deliveries import queue
from services.incidents.known import Known
from services.incidents.parts import pack
from services.muting import tables as mutes

_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")


def save(connection: Connection, ledger: Ledger, known: Known) -> list[int]:
    """Write everything; returns the positions of the facts, in order."""
    positions = ledger.record(connection, known.facts, known.versions)
    with connection.pipeline():
        _save_customers(connection, known)
        _save_incidents(connection, known)
        _save_snoozes(connection, known)
        _save_parts(connection, known)
        _save_keys(connection, known)
        _save_links(connection, known)
        _save_mails(connection, known)
        _save_calls(connection, known)
        _save_callbacks(connection, known)
        _save_chats(connection, known)
        _save_organizations(connection, known)
        mutes.save(connection, known)
        queue.enqueue(connection, known.deliveries)
    return positions


def _save_customers(connection: Connection, known: Known) -> None:
    changed = [known.customers[customer] for customer in known.changes.customers]
    if changed:
        connection.execute(
            "INSERT INTO customer_state (customer, root, merged_into, erased, organization, version)"
            " SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::bool[], %b::uuid[], %b::int4[])"
            " ON CONFLICT (customer) DO UPDATE SET root = excluded.root, merged_into = excluded.merged_into,"
            " erased = excluded.erased, organization = excluded.organization, version = excluded.version",
            (
                Uuids(customer.id for customer in changed),
                Uuids(customer.root for customer in changed),
                Uuids(customer.merged_into for customer in changed),
                Bools(customer.erased for customer in changed),
                Uuids(customer.organization for customer in changed),
                Int4s(known.version("customer", customer.id) for customer in changed),
            ),
        )
    addresses = [address for address in known.changes.owners if address in known.owners]
    if addresses:
        connection.execute(
            "INSERT INTO address_owner (address, customer, proven)"
            " SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::bool[])"
            " ON CONFLICT (address) DO UPDATE SET customer = excluded.customer, proven = excluded.proven",
            (
                Uuids(addresses),
                Uuids(known.owners[address].customer for address in addresses),
                Bools(known.owners[address].proven for address in addresses),
            ),
        )
    released = [address for address in known.changes.owners if address not in known.owners]
    if released:
        connection.execute("DELETE FROM address_owner WHERE address = ANY(%b)", (Uuids(released),))


def _save_incidents(connection: Connection, known: Known) -> None:
    changed = [known.incidents[incident] for incident in known.changes.incidents]
    if not changed:
        return
    connection.execute(
        "INSERT INTO incident_state (incident, number, root, version, state)"
        " SELECT * FROM unnest(%b::uuid[], %b::int8[], %b::uuid[], %b::int4[], %b::bytea[])"
        " ON CONFLICT (incident) DO UPDATE SET"
        " root = excluded.root, version = excluded.version, state = excluded.state",
        (
            Uuids(incident.id for incident in changed),
            Int8s(incident.number for incident in changed),
            Uuids(known.root(incident.id) for incident in changed),
            Int4s(incident.version for incident in changed),
            Byteas(_encoder.encode(incident) for incident in changed),
        ),
    )
    connection.execute(
        "UPDATE counters SET value = %s WHERE name = 'incident' AND value < %s", (known.last_number, known.last_number)
    )


def _save_snoozes(connection: Connection, known: Known) -> None:
    """The timers: `waking.py` looks at them."""
    touched = [known.incidents[incident] for incident in known.changes.snoozes]
    if not touched:
        return
    connection.execute(
        "DELETE FROM snoozes WHERE incident = ANY(%b)",
        (Uuids(incident.id for incident in touched if incident.snoozed_until is None),),
    )
    timed = [incident for incident in touched if incident.snoozed_until is not None]
    connection.execute(
        "INSERT INTO snoozes (incident, until) SELECT * FROM unnest(%b::uuid[], %s::timestamptz[])"
        " ON CONFLICT (incident) DO UPDATE SET until = excluded.until",
        (Uuids(incident.id for incident in timed), [incident.snoozed_until for incident in timed]),
    )


def _save_parts(connection: Connection, known: Known) -> None:
    keys = list(known.changes.parts)
    if keys:
        connection.execute(
            "INSERT INTO joinable (key, parts) SELECT * FROM unnest(%b::bytea[], %b::bytea[])"
            " ON CONFLICT (key) DO UPDATE SET parts = excluded.parts",
            (Byteas(keys), Byteas(pack(known.parts[key]) for key in keys)),
        )


def _save_keys(connection: Connection, known: Known) -> None:
    keys = list(known.changes.threads)
    if keys:
        threads = [known.threads[key] for key in keys]
        connection.execute(
            "INSERT INTO threads (key, interaction, incident, parties)"
            " SELECT key, interaction, incident, parties::uuid[] FROM"
            " unnest(%b::bytea[], %b::uuid[], %b::uuid[], %b::text[]) AS thread (key, interaction, incident, parties)"
            " ON CONFLICT (key) DO UPDATE SET interaction = excluded.interaction, incident = excluded.incident",
            (
                Byteas(keys),
                Uuids(thread.interaction for thread in threads),
                Uuids(thread.incident for thread in threads),
                Texts(_uuids(thread.parties) for thread in threads),
            ),
        )
    moved = known.changes.moved
    if moved:
        connection.execute(
            "UPDATE waiting_mail SET incident = moved.incident"
            " FROM unnest(%b::uuid[], %b::uuid[]) AS moved (id, incident) WHERE waiting_mail.interaction = moved.id",
            (Uuids(moved), Uuids(moved.values())),
        )


def _save_links(connection: Connection, known: Known) -> None:
    links = known.changes.links
    if links:
        connection.execute(
            "INSERT INTO links (interaction, incident, version, status)"
            " SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::int4[], %b::text[])"
            " ON CONFLICT (interaction) DO UPDATE SET"
            " incident = excluded.incident, version = excluded.version, status = excluded.status",
            (
                Uuids(links),
                Uuids(place.incident for place in links.values()),
                Int4s(place.version for place in links.values()),
                Texts(place.status.value if place.status else "" for place in links.values()),
            ),
        )


def _save_mails(connection: Connection, known: Known) -> None:
    mails = [known.mails[interaction] for interaction in known.changes.mails]
    if mails:
        connection.execute(
            "INSERT INTO waiting_mail (interaction, incident, link)"
            " SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[]) ON CONFLICT DO NOTHING",
            (
                Uuids(mail.interaction for mail in mails),
                Uuids(mail.incident for mail in mails),
                Byteas(_encoder.encode(mail) for mail in mails),
            ),
        )
    waits = list(known.changes.waits)
    if waits:
        connection.execute(
            "INSERT INTO waiting (reference, interaction) SELECT * FROM unnest(%b::bytea[], %b::uuid[])"
            " ON CONFLICT DO NOTHING",
            (Byteas(reference for reference, _ in waits), Uuids(interaction for _, interaction in waits)),
        )
    if known.changes.arrived:
        connection.execute("DELETE FROM waiting WHERE reference = ANY(%b)", (Byteas(known.changes.arrived),))


def _save_calls(connection: Connection, known: Known) -> None:
    calls = [known.calls[call] for call in known.changes.calls if call in known.calls]
    if calls:
        connection.execute(
            "INSERT INTO call_state (call, version, state) SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::bytea[])"
            " ON CONFLICT (call) DO UPDATE SET version = excluded.version, state = excluded.state",
            (
                Uuids(call.id for call in calls),
                Int4s(known.version("call", call.id) for call in calls),
                Byteas(_encoder.encode(call) for call in calls),
            ),
        )


def _save_callbacks(connection: Connection, known: Known) -> None:
    callbacks = [known.callbacks[callback] for callback in known.changes.callbacks]
    if callbacks:
        connection.execute(
            "INSERT INTO callback_state (callback, version, call, state)"
            " SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::uuid[], %b::bytea[])"
            " ON CONFLICT (callback) DO UPDATE SET"
            " version = excluded.version, call = excluded.call, state = excluded.state",
            (
                Uuids(callback.id for callback in callbacks),
                [known.version("callback", callback.id) for callback in callbacks],
                Uuids(callback.call for callback in callbacks),
                Byteas(_encoder.encode(callback) for callback in callbacks),
            ),
        )


def _save_chats(connection: Connection, known: Known) -> None:
    chats = [known.chats[chat] for chat in known.changes.chats]
    if chats:
        connection.execute(
            "INSERT INTO chat_state (chat, thread, version, waiting_since, state)"
            " SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::int4[], %b::timestamptz[], %b::bytea[])"
            " ON CONFLICT (chat) DO UPDATE SET thread = excluded.thread, version = excluded.version,"
            " waiting_since = excluded.waiting_since, state = excluded.state",
            (
                Uuids(chat.id for chat in chats),
                Uuids(chat.thread for chat in chats),
                [known.version("chat", chat.id) for chat in chats],
                [chat.since if chat.stage is Stage.WAITING else None for chat in chats],
                Byteas(_encoder.encode(chat) for chat in chats),
            ),
        )


def _save_organizations(connection: Connection, known: Known) -> None:
    changed = [known.organizations[organization] for organization in known.changes.organizations]
    if changed:
        connection.execute(
            "INSERT INTO organization_state (organization, version, state)"
            " SELECT * FROM unnest(%b::uuid[], %b::int4[], %b::bytea[])"
            " ON CONFLICT (organization) DO UPDATE SET version = excluded.version, state = excluded.state",
            (
                Uuids(organization.id for organization in changed),
                [known.version("organization", organization.id) for organization in changed],
                Byteas(_encoder.encode(organization) for organization in changed),
            ),
        )


def _uuids(ids: tuple[UUID, ...]) -> str:
    return "{" + ",".join(map(in_letters, ids)) + "}"
