"""Accounts for every contact: what the logs hold against what became of it, and whether each blob is there.

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

from eventstore import positions, store
from eventstore.database import Connection
from eventstore.log import LogRecord
from eventstore.recorded import Recorded
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Channel, RawMail
from schemas.topics import INTERACTIONS, MAIL
from services import quarantine
from services.consumers import INCIDENTS, PARSER
from services.privacy import named, orphans
from services.wiring import Hub

_PAGE = 2000
_SHOWN = 20

Progress = Callable[[int], None]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One channel's sum. `lost`: taken in, passed by its consumer, and nowhere to be found."""

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
    """What one log holds of one channel."""

    records: int = 0
    handled: set[UUID] = field(default_factory=set[UUID])
    waiting: set[UUID] = field(default_factory=set[UUID])


async def audit(hub: Hub, progress: Progress = lambda _count: None) -> Findings:
    """Walk logs, inbox and facts; only the index of blobs is kept up. What arrives meanwhile is in flight."""
    blobs: set[str] = set()
    mail = await _walk(hub, mail=True, blobs=blobs, progress=progress)
    seen = await _walk(hub, mail=False, blobs=blobs, progress=progress)
    # a mail's life begins on `mail`: what of it is on `interactions` is the same contact further on
    if Channel.EMAIL in mail or Channel.EMAIL in seen:
        seen[Channel.EMAIL] = _one_life(mail.get(Channel.EMAIL, _Seen()), seen.get(Channel.EMAIL, _Seen()))
    accounts, lost = await hub.database.run(_accounts, seen)
    twice, nowhere = await hub.database.run(_facts_that_do_not_fit)
    await _collect_blobs(hub, blobs, progress)
    blobs |= await hub.database.run(quarantine.named)
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


async def _walk(hub: Hub, *, mail: bool, blobs: set[str], progress: Progress) -> dict[str, _Seen]:
    topic, consumer = (MAIL, PARSER) if mail else (INTERACTIONS, INCIDENTS)
    # before the records: what is behind a position read now was handled before we look for its outcome
    handled_to = await hub.database.run(positions.read, consumer, topic.name)
    seen: dict[str, _Seen] = {}
    async for page in hub.log.scan(topic, page=_PAGE):
        for record in page:
            channel = Channel.EMAIL if mail else record.headers.get("channel", "unknown")
            found = seen.setdefault(channel, _Seen())
            found.records += 1
            behind = record.offset < handled_to.get(record.partition, 0)
            (found.handled if behind else found.waiting).add(record.id)
            if mail and not behind:  # once handled, a fact names it, or the quarantine: until its person is erased
                blobs.update(_blob_of(record))
        progress(len(page))
    return seen


def _blob_of(record: LogRecord) -> Sequence[str]:
    try:
        blob = msgspec.msgpack.decode(record.value, type=RawMail).blob
    except msgspec.MsgspecError:  # it is in quarantine, or on its way there
        return ()
    return (blob,) if blob else ()


def _one_life(of_mail: _Seen, parsed: _Seen) -> _Seen:
    on_mail = of_mail.handled | of_mail.waiting
    only_parsed = (parsed.handled | parsed.waiting) - on_mail  # its mail was trimmed
    still_waiting = (of_mail.waiting - parsed.handled) | (parsed.waiting - parsed.handled)
    return _Seen(
        records=of_mail.records + len(only_parsed),
        handled=(on_mail | only_parsed) - still_waiting,
        waiting=still_waiting,
    )


def _accounts(connection: Connection, seen: dict[str, _Seen]) -> tuple[tuple[Account, ...], set[UUID]]:
    totals: dict[str, Counter[str]] = {}
    rows: Sequence[tuple[str, str, int]] = connection.execute(
        "SELECT channel, outcome, count(*) FROM inbox GROUP BY channel, outcome"
    ).fetchall()
    for channel, outcome, count in rows:
        totals.setdefault(channel, Counter())[outcome] += count
    accounts: list[Account] = []
    all_lost: set[UUID] = set()
    for channel in sorted(set(totals) | set(seen)):
        outcomes, found = totals.get(channel, Counter()), seen.get(channel, _Seen())
        distinct = found.handled | found.waiting
        known = _with_outcome(connection, distinct)
        lost = found.handled - known
        in_flight = found.waiting - known
        # handled and gone from the log since: trimmed, or entered as history
        earlier = sum(outcomes.values()) - len(known)
        accounts.append(
            Account(
                channel=channel,
                received=found.records + earlier,
                recorded=outcomes["recorded"],
                duplicates=found.records - len(distinct),
                rejected=outcomes["rejected"],
                quarantined=outcomes["quarantined"],
                in_flight=len(in_flight),
                lost=len(lost),
            )
        )
        all_lost |= lost
    return tuple(accounts), all_lost


def _with_outcome(connection: Connection, ids: set[UUID]) -> set[UUID]:
    known: set[UUID] = set()
    wanted = list(ids)
    for start in range(0, len(wanted), 20_000):
        rows: Sequence[tuple[UUID]] = connection.execute(
            "SELECT id FROM inbox WHERE id = ANY(%b)", (wanted[start : start + 20_000],)
        ).fetchall()
        known.update(row for (row,) in rows)
    return known


def _facts_that_do_not_fit(connection: Connection) -> tuple[list[str], list[UUID]]:
    connection.execute("SET LOCAL statement_timeout = '10min'")
    twice: Sequence[tuple[str]] = connection.execute(
        "SELECT stream FROM events WHERE type = %s GROUP BY stream HAVING count(*) > 1 LIMIT %s",
        (InteractionReceived.type_name, _SHOWN),
    ).fetchall()
    # a call's signals become facts of the call: only what is an interaction has a stream of its own
    nowhere: Sequence[tuple[UUID]] = connection.execute(
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
