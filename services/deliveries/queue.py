"""The table `deliveries`: what is to be sent, filled in the transaction of its fact, leased by workers.

Effect once at best, twice at worst: an attempt that died is made once more, then a person looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from eventstore.database import Connection
from eventstore.packed import Texts, Uuids

ATTEMPTS_AFTER_DEATH = 1
"""How often an attempt that died is repeated."""


class Kind(StrEnum):
    """What is sent: an agent's words (interaction = the InteractionSent), or "we have your form" (= the form's).

    Or "nobody came to your chat; we go on by mail" (= the words it was asked for with). Or the link to somebody's
    requests (= the link).
    """

    REPLY = "reply"
    CONFIRMATION = "confirmation"
    MISSED_CHAT = "missed_chat"
    REQUESTS_LINK = "requests_link"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One mail to one recipient. `address`: the keyed id; the words come from the interaction's own facts.

    `not_before`: held until then, and may be withdrawn.
    """

    interaction: UUID
    kind: Kind
    address: UUID
    incident: UUID | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that is ours until `lease` runs out. `deaths`: earlier attempts that ended without a word."""

    id: UUID
    interaction: UUID
    kind: Kind
    address: UUID
    incident: UUID | None
    attempts: int
    deaths: int
    lease: UUID

    @property
    def doubtful(self) -> bool:
        """It may have arrived already, twice: don't send it again."""
        return self.deaths > ATTEMPTS_AFTER_DEATH


def enqueue(connection: Connection, deliveries: Sequence[NewDelivery]) -> int:
    """Queue them with the facts they belong to; one that is queued already stays one. Returns how many are new."""
    if not deliveries:
        return 0
    added = connection.execute(
        "INSERT INTO deliveries (interaction, kind, address, incident, not_before, next_attempt_at, epoch)"
        " SELECT wanted.*, coalesce(wanted.not_before, now()), hub.epoch FROM hub,"
        " unnest(%b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %s::timestamptz[])"
        " AS wanted (interaction, kind, address, incident, not_before) ON CONFLICT DO NOTHING",
        (
            Uuids(delivery.interaction for delivery in deliveries),
            Texts(delivery.kind.value for delivery in deliveries),
            Uuids(delivery.address for delivery in deliveries),
            Uuids(delivery.incident for delivery in deliveries),
            [delivery.not_before for delivery in deliveries],
        ),
    ).rowcount
    connection.appended_to.add("deliveries")
    return added


def lease(connection: Connection, limit: int, lease_seconds: float) -> list[Leased]:
    """Take what is due, and what a dead worker left behind. Several workers never get the same row."""
    fence = uuid4()
    rows: Sequence[tuple[UUID, UUID, str, UUID, UUID | None, int, int]] = connection.execute(
        # each in the order of its own index: however many are due, only these are looked at
        "WITH left_behind AS ("
        " SELECT deliveries.id FROM deliveries, hub WHERE deliveries.epoch = hub.epoch"
        " AND state = 'leased' AND leased_until < now()"
        " ORDER BY leased_until LIMIT %(limit)s FOR UPDATE OF deliveries SKIP LOCKED), due AS ("
        " SELECT deliveries.id FROM deliveries, hub WHERE deliveries.epoch = hub.epoch"
        " AND state = 'queued' AND next_attempt_at <= now() ORDER BY next_attempt_at"
        " LIMIT %(limit)s - (SELECT count(*) FROM left_behind) FOR UPDATE OF deliveries SKIP LOCKED)"
        " UPDATE deliveries SET deaths = deaths + (state = 'leased')::integer, attempts = attempts + 1,"
        " state = 'leased', lease = %(lease)s, leased_until = clock_timestamp() + %(time)s"
        " WHERE id IN (SELECT id FROM left_behind UNION ALL SELECT id FROM due)"
        " RETURNING id, interaction, kind, address, incident, attempts, deaths",
        {"limit": limit, "lease": fence, "time": timedelta(seconds=lease_seconds)},
    ).fetchall()
    return [
        Leased(row_id, interaction, Kind(kind), address, incident, attempts, deaths, fence)
        for row_id, interaction, kind, address, incident, attempts, deaths in rows
    ]


def finish(connection: Connection, delivery: Leased, state: str, error: str = "") -> bool:
    """`sent`, `failed` or `uncertain`. False: the lease was lost, somebody else decides."""
    return (
        connection.execute(
            "UPDATE deliveries SET state = %s, last_error = %s, lease = NULL, leased_until = NULL,"
            " finished_at = clock_timestamp() WHERE id = %s AND lease = %s",
            (state, error, delivery.id, delivery.lease),
        ).rowcount
        == 1
    )


def postpone(connection: Connection, delivery: Leased, pause: timedelta, error: str, *, died: bool = False) -> bool:
    """Try again after a pause. `died`: nobody knows whether the remote took it."""
    return (
        connection.execute(
            "UPDATE deliveries SET state = 'queued', last_error = %s, lease = NULL, leased_until = NULL,"
            " deaths = deaths + %s::integer, next_attempt_at = clock_timestamp() + %s WHERE id = %s AND lease = %s",
            (error, died, pause, delivery.id, delivery.lease),
        ).rowcount
        == 1
    )


def withdraw(connection: Connection, interaction: UUID) -> bool:
    """Take a reply out of the queue before anybody took it to send. False: a worker has it, or had it.

    The row's lock decides: `lease` and this can't both change it.
    """
    return (
        connection.execute(
            "UPDATE deliveries SET state = 'withdrawn', finished_at = clock_timestamp()"
            " WHERE interaction = %s AND kind = %s AND state = 'queued' AND attempts = 0",
            (interaction, Kind.REPLY),
        ).rowcount
        == 1
    )


def counts(connection: Connection) -> dict[str, int]:
    """How many deliveries are in each state, and `held`: queued before a restore, waiting to be released."""
    rows: Sequence[tuple[str, int]] = connection.execute(
        "SELECT CASE WHEN state IN ('queued', 'leased') AND deliveries.epoch <> hub.epoch THEN 'held' ELSE state END"
        " AS shown, count(*) FROM deliveries, hub GROUP BY shown"
    ).fetchall()
    return dict(rows)


def unsent(connection: Connection) -> dict[str, int]:
    """The same without what was sent, which only grows: cheap enough to be asked every few seconds."""
    rows: Sequence[tuple[str, int]] = connection.execute(
        "SELECT CASE WHEN state IN ('queued', 'leased') AND deliveries.epoch <> hub.epoch THEN 'held' ELSE state END"
        " AS shown, count(*) FROM deliveries, hub WHERE state <> 'sent' AND state <> 'withdrawn' GROUP BY shown"
    ).fetchall()
    return dict(rows)


def queued_since(
    connection: Connection, kind: Kind, address: UUID, pause: timedelta, longer: timedelta
) -> tuple[int, int]:
    """How many of a kind one recipient was to get within each of the two times."""
    row: tuple[int, int] | None = connection.execute(
        "SELECT count(*) FILTER (WHERE queued_at > now() - %s), count(*) FROM deliveries"
        " WHERE address = %s AND kind = %s AND queued_at > now() - %s",
        (pause, address, kind, longer),
    ).fetchone()
    return row or (0, 0)


def release(connection: Connection) -> int:
    """After a restore: let go what was queued before it. It may have been sent already; a person decided."""
    return connection.execute(
        # now: what failed before the restore must not make them wait for its own next attempt
        "UPDATE deliveries SET epoch = hub.epoch, next_attempt_at = greatest(now(), not_before) FROM hub"
        " WHERE deliveries.epoch <> hub.epoch AND state IN ('queued', 'leased')"
    ).rowcount
