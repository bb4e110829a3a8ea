"""The table `muted_addresses`: written with its facts, read by the guard, the composer and the deciders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from eventstore.database import Connection
from eventstore.packed import Uuids
from schemas.facts import stream_id
from schemas.facts.address import MuteReason
from services.incidents import loading
from services.incidents.arrival import Arrival
from services.incidents.known import Known
from services.muting.state import Mute


def load(connection: Connection, known: Known, addresses: Collection[UUID]) -> None:
    """Which of these are muted, and how long their streams are."""
    wanted = [address for address in addresses if address not in known.mutes]
    if wanted:
        found = of(connection, wanted)
        known.mutes.update({address: found.get(address) for address in wanted})
        loading.load_versions(connection, known, [stream_id("address", address) for address in wanted])


def load_reported(connection: Connection, known: Known, arrivals: Iterable[Arrival]) -> None:
    """What deciding about reports asks: to whom the mails went that they speak of."""
    about = {arrival.item.hints.about for arrival in arrivals} - {None}
    if not about:
        return
    rows: Sequence[tuple[UUID, list[UUID]]] = connection.execute(
        "SELECT interaction, array_agg(DISTINCT address) FROM deliveries WHERE interaction = ANY(%b)"
        " GROUP BY interaction",
        (Uuids(about),),
        binary=True,
    ).fetchall()
    known.recipients.update({interaction: frozenset(addresses) for interaction, addresses in rows})
    load(connection, known, {address for _, addresses in rows for address in addresses})


def of(connection: Connection, addresses: Collection[UUID]) -> dict[UUID, Mute]:
    """Those of these that are muted."""
    rows: Sequence[tuple[UUID, str, str, UUID, datetime]] = connection.execute(
        "SELECT address, reason, status, interaction, since FROM muted_addresses WHERE address = ANY(%b)",
        (Uuids(addresses),),
        binary=True,
    ).fetchall()
    return {
        address: Mute(MuteReason(reason), status, interaction, since)
        for address, reason, status, interaction, since in rows
    }


def save(connection: Connection, known: Known) -> None:
    """What changed in this transaction."""
    muted = {address: mute for address in known.changes.mutes if (mute := known.mutes[address]) is not None}
    if muted:
        connection.execute(
            "INSERT INTO muted_addresses (address, reason, status, interaction, since)"
            " SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::uuid[], %s::timestamptz[])"
            " ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, status = excluded.status,"
            " interaction = excluded.interaction, since = excluded.since",
            (
                Uuids(muted),
                [mute.reason.value for mute in muted.values()],
                [mute.status for mute in muted.values()],
                Uuids(mute.interaction for mute in muted.values()),
                [mute.since for mute in muted.values()],
            ),
        )
    lifted = known.changes.mutes - muted.keys()
    if lifted:
        connection.execute("DELETE FROM muted_addresses WHERE address = ANY(%b)", (Uuids(lifted),))
