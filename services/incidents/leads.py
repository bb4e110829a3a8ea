"""Where keys lead: to an interaction that came, and to mails that wait. Part of loading.py, under the same lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import msgspec

from eventstore.database import Connection
from eventstore.packed import Byteas, Uuids
from services.incidents.arrival import Key
from services.incidents.known import Known, Mail, Thread

_mail = msgspec.msgpack.Decoder(Mail)


def load_threads(connection: Connection, known: Known, keys: Collection[Key]) -> None:
    """The interactions that these keys lead to, and where those are: as their links say, where they have one."""
    wanted = [key for key in keys if key not in known.threads] if known.threads else keys
    rows: Iterable[tuple[Key, UUID, UUID | None, list[UUID]]] = connection.execute(
        "SELECT key, interaction, coalesce((SELECT links.incident FROM links"
        " WHERE links.interaction = threads.interaction), incident), parties FROM threads WHERE key = ANY(%b)",
        (Byteas(wanted),),
        binary=True,
    )
    for key, interaction, incident, parties in rows:
        known.threads[key] = Thread(interaction, incident, tuple(parties))


def load_begun(connection: Connection, known: Known, begun: Mapping[Key, UUID]) -> None:
    """Where the conversations are that these interactions began: one that came first itself has no key but its id."""
    wanted = {interaction: key for key, interaction in begun.items() if key not in known.threads}
    if not wanted:
        return
    rows: Iterable[tuple[UUID, UUID]] = connection.execute(
        "SELECT interaction, incident FROM links WHERE interaction = ANY(%b)", (Uuids(wanted),), binary=True
    )
    for interaction, incident in rows:
        known.threads[wanted[interaction]] = Thread(interaction, incident)


def load_waits(connection: Connection, known: Known, messages: Collection[Key]) -> None:
    """The mails that wait for these messages, and automatic ones that are nowhere yet."""
    if messages:
        rows: Iterable[tuple[Key, UUID]] = connection.execute(
            "SELECT reference, interaction FROM waiting WHERE reference = ANY(%b)", (Byteas(messages),), binary=True
        )
        for reference, interaction in rows:
            known.waits.setdefault(reference, set()).add(interaction)
    wanted = {interaction for waiting in known.waits.values() for interaction in waiting}
    wanted |= {thread.interaction for thread in known.threads.values() if thread.incident is None}
    load_mails(connection, known, wanted)


def load_mails(connection: Connection, known: Known, interactions: Collection[UUID]) -> None:
    """What is known of mails that wait."""
    wanted = [interaction for interaction in interactions if interaction not in known.mails]
    if not wanted:
        return
    rows: Iterable[tuple[bytes, UUID | None]] = connection.execute(
        "SELECT link, incident FROM waiting_mail WHERE interaction = ANY(%b)", (Uuids(wanted),), binary=True
    )
    for link, incident in rows:
        mail = _mail.decode(link)
        known.mails[mail.interaction] = mail.in_incident(incident)
