"""Accounts for every contact: what was taken in against what became of it, and whether each blob is there.

received = recorded + duplicates + rejected + quarantined (+ in flight), for each channel. Reads only.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from eventstore import positions, received, store
from eventstore.database import Connection
from eventstore.log import LogRecord
from eventstore.recorded import Recorded
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Channel, RawMail
from schemas.topics import INTERACTIONS, MAIL
from services.consumers import INCIDENTS, PARSER
from services.privacy import article_files, named, orphans, quarantined
from services.wiring import Hub

_PAGE = 2000
_SHOWN = 20

Progress = Callable[[int], None]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's sum. `received`: counted as it was handled, and what waits on the log.

    `lost`: taken in, passed by its consumer, and nowhere to be found; of what the log still holds.
    """

    channel: str
    received: int
    recorded: int
    duplicates: int
    rejected: int
    quarantined: int
    in_flight: int
    lost: int

    @property
    def balanced(self) -> bool:
        """Nothing is missing and nothing appeared from nowhere."""
        accounted = self.recorded + self.duplicates + self.rejected + self.quarantined + self.in_flight
        return self.lost == 0 and self.received == accounted


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """The audit's result. The lists hold the first ids of each kind of trouble.

    `blobs_orphaned`: named by nothing for 30 days, which is waste and no loss: the hub cleans up by itself. None: a log
    stands still, or the blobs are another hub's, so that nobody can say.
    """

    accounts: tuple[Account, ...]
    lost: tuple[UUID, ...]
    recorded_twice: tuple[str, ...]
    recorded_nowhere: tuple[UUID, ...]
    blobs: int
    blobs_missing: tuple[str, ...]
    blobs_orphaned: int | None
    ok: bool


@dataclass
class _Seen:
    """What one log holds of one channel. `handled`, `waiting`: behind the consumer's position, and from it on.

    `records`: of the waiting ones, those nobody has counted yet; `again`: those counted before, to be reprocessed.
    """

    records: int = 0
    handled: set[UUID] = field(default_factory=set[UUID])
    waiting: set[UUID] = field(default_factory=set[UUID])
    again: set[UUID] = field(default_factory=set[UUID])


_NOTHING = _Seen()


async def audit(hub: Hub, progress: Progress = lambda _count: None) -> Findings:
    """Walk logs, inbox and facts; only the index of blobs is kept up. The database is seen as it was at one moment.

    The logs are walked after that moment: what was handled then is on them or counted, what came since is in flight.
    """
    blobs: set[str] = set()
    snapshot = await asyncio.to_thread(_open_snapshot, hub)
    try:
        mail = await _walk(hub, snapshot, mail=True, blobs=blobs, progress=progress)
        interactions = await _walk(hub, snapshot, mail=False, blobs=blobs, progress=progress)
        accounts, lost = await asyncio.to_thread(_accounts, snapshot, mail, interactions)
        twice, nowhere = await asyncio.to_thread(_facts_that_do_not_fit, snapshot)
    finally:
        await asyncio.to_thread(snapshot.close)
    await _collect_blobs(hub, blobs, progress)
    blobs |= await hub.database.run(quarantined.named)
    blobs |= await hub.database.run(article_files.named, hub.keys)
    missing = sorted(await asyncio.to_thread(hub.blobs.missing, blobs))
    orphaned: int | None = None
    with suppress(orphans.LogStandsStillError, orphans.ForeignBlobsError):
        orphaned = await orphans.find(hub)
    return Findings(
        accounts=accounts,
        lost=tuple(sorted(lost)[:_SHOWN]),
        recorded_twice=tuple(twice),
        recorded_nowhere=tuple(nowhere),
        blobs=len(blobs),
        blobs_missing=tuple(missing[:_SHOWN]),
        blobs_orphaned=orphaned,
        ok=all(account.balanced for account in accounts) and not twice and not nowhere and not missing,
    )


def _open_snapshot(hub: Hub) -> Connection:
    """A connection that sees one moment, however long we look."""
    connection = hub.database.dedicated()
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute("SELECT set_config(%s, '0', false)", (setting,))
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    connection.execute("SELECT 1 FROM received LIMIT 1")  # the moment is that of the first look
    return connection


async def _walk(hub: Hub, snapshot: Connection, *, mail: bool, blobs: set[str], progress: Progress) -> dict[str, _Seen]:
    topic, consumer = (MAIL, PARSER) if mail else (INTERACTIONS, INCIDENTS)
    handled_to = await asyncio.to_thread(positions.read, snapshot, consumer, topic.name)
    seen: dict[str, _Seen] = {}
    async for page in hub.log.scan(topic, page=_PAGE):
        for record in page:
            channel = Channel.EMAIL.value if mail else record.headers.get("channel", topic.name)
            behind = record.offset < handled_to.get(record.partition, 0)
            _put(seen.setdefault(channel, _Seen()), record, behind)
            if mail and not behind:  # once handled, a fact names it, or the quarantine: until its person is erased
                blobs.update(_blob_of(record))
        progress(len(page))
    return seen


def _put(seen: _Seen, record: LogRecord, behind: bool) -> None:
    if behind:
        seen.handled.add(record.id)
        return
    seen.waiting.add(record.id)
    if received.AGAIN in record.headers:
        seen.again.add(record.id)
    else:
        seen.records += 1


def _blob_of(record: LogRecord) -> Sequence[str]:
    try:
        blob = msgspec.msgpack.decode(record.value, type=RawMail).blob
    except msgspec.MsgspecError:  # it is in quarantine, or on its way there
        return ()
    return (blob,) if blob else ()


def _accounts(
    snapshot: Connection, mail: dict[str, _Seen], interactions: dict[str, _Seen]
) -> tuple[tuple[Account, ...], set[UUID]]:
    outcomes: dict[str, Counter[str]] = {}
    rows: Sequence[tuple[str, str, int]] = snapshot.execute(
        "SELECT channel, outcome, count(*) FROM inbox GROUP BY channel, outcome"
    ).fetchall()
    for channel, outcome, count in rows:
        outcomes.setdefault(channel, Counter())[outcome] += count
    came: Counter[str] = Counter()
    repeated: Counter[str] = Counter()
    for found in received.totals(snapshot).values():
        for channel, (records, duplicates) in found.items():
            came[channel] += records
            repeated[channel] += duplicates
    being_reprocessed = _being_reprocessed(snapshot)
    accounts: list[Account] = []
    all_lost: set[UUID] = set()
    for channel in sorted({*outcomes, *came, *mail, *interactions}):
        entry, on = (mail if channel == Channel.EMAIL else interactions).get(channel, _NOTHING), _NOTHING
        if channel == Channel.EMAIL:  # a mail's life begins on `mail`: on `interactions` it is the same, further on
            on = interactions.get(channel, _NOTHING)
        known = _with_outcome(snapshot, entry.handled | entry.waiting | on.handled | on.waiting)
        counted = received.mails_taken(snapshot, on.waiting | entry.waiting) if on is not _NOTHING else entry.again
        in_flight = (entry.waiting | on.waiting & counted) - known  # a mail we saw only further on came too late for us
        between = being_reprocessed.get(channel, set[UUID]()) - known - in_flight
        lost = (entry.handled | on.handled) - known - in_flight - between
        all_lost |= lost
        became = outcomes.get(channel, Counter())
        accounts.append(
            Account(
                channel=channel,
                received=came[channel] + entry.records,
                recorded=became["recorded"],
                duplicates=repeated[channel] + entry.records - len(in_flight - counted),
                rejected=became["rejected"],
                quarantined=became["quarantined"] + len(between),
                in_flight=len(in_flight),
                lost=len(lost),
            )
        )
    return tuple(accounts), all_lost


def _being_reprocessed(snapshot: Connection) -> dict[str, set[UUID]]:
    """Taken out of quarantine, and perhaps not on its log again yet."""
    found: dict[str, set[UUID]] = {}
    rows: Sequence[tuple[UUID, str]] = snapshot.execute(
        "SELECT id, channel FROM quarantine WHERE state = 'reprocessing' AND id NOT IN (SELECT id FROM inbox)"
    ).fetchall()
    for held, channel in rows:
        found.setdefault(channel, set()).add(held)
    return found


def _with_outcome(snapshot: Connection, ids: set[UUID]) -> set[UUID]:
    known: set[UUID] = set()
    wanted = list(ids)
    for start in range(0, len(wanted), 20_000):
        rows: Sequence[tuple[UUID]] = snapshot.execute(
            "SELECT id FROM inbox WHERE id = ANY(%b)", (wanted[start : start + 20_000],)
        ).fetchall()
        known.update(row for (row,) in rows)
    return known


def _facts_that_do_not_fit(snapshot: Connection) -> tuple[list[str], list[UUID]]:
    twice: Sequence[tuple[str]] = snapshot.execute(
        "SELECT stream FROM events WHERE type = %s GROUP BY stream HAVING count(*) > 1 LIMIT %s",
        (InteractionReceived.type_name, _SHOWN),
    ).fetchall()
    # a call's signals become facts of the call: only what is an interaction has a stream of its own
    nowhere: Sequence[tuple[UUID]] = snapshot.execute(
        "SELECT inbox.id FROM inbox LEFT JOIN events ON events.stream = 'interaction/' || inbox.id::text"
        " AND events.version = 1 WHERE inbox.outcome = 'recorded' AND inbox.channel <> %s"
        " AND events.position IS NULL LIMIT %s",
        (Channel.PHONE, _SHOWN),
    ).fetchall()
    return [stream for (stream,) in twice], [missing for (missing,) in nowhere]


async def _collect_blobs(hub: Hub, blobs: set[str], progress: Progress) -> None:
    position = 0
    while events := await hub.database.run(_page_of_interactions, position):
        position = events[-1].position
        await hub.database.run(hub.keys.prefetch, events)
        blobs.update(await asyncio.to_thread(_blobs_in, hub, events))
        progress(len(events))


def _page_of_interactions(connection: Connection, position: int) -> list[Recorded]:
    return store.read_after(connection, position, _PAGE)


def _blobs_in(hub: Hub, events: Sequence[Recorded]) -> set[str]:
    # erased: the blobs went with the keys
    return {blob for event in events if event.type in named.KINDS for blob in named.blobs_of(event.fact(hub.keys))}
