"""A batch of the log in one transaction: correlate and decide each item as if it had come alone, then keep it all.

The heart of the hub, between the log `interactions` and the store. Synchronous; intake.py runs it in a worker thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from channels.intake import channel_of, decode_item
from eventstore import positions, received
from eventstore.database import Connection
from eventstore.ledger import Cause, Ledger
from eventstore.log import Batch, LogRecord
from eventstore.packed import Texts, Uuids
from schemas.errors import CauceError, DecodeError, UndecidableError
from schemas.held import HeldReason
from schemas.interaction import CallSignal, CallSignalKind, Channel, Direction, Interaction
from schemas.topics import INTERACTIONS
from services import quarantine
from services.callbacks import decide as callbacks
from services.callbacks.requests import FinishCallback
from services.calls import decide as calls
from services.calls import same
from services.calls.state import Call
from services.chats import decide as chats
from services.chats import presence
from services.chats.state import ChatFact
from services.customers.contact import meet
from services.incidents import arrive, leads, loading, saving
from services.incidents.arrival import Arrival, Reader
from services.incidents.correlation import correlate
from services.incidents.genuine import Suspicion, not_genuine
from services.incidents.indexing import index
from services.incidents.known import Known
from services.muting import decide as muting
from services.muting import tables as mutes

_EMAIL = Channel.EMAIL  # finding a member takes Python 3.11 a while

_DEFECTS = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)


class Item(msgspec.Struct, frozen=True):
    """A record, read. `signal`: what came, where it is a telephone system's word and not an interaction itself."""

    id: UUID
    channel: Channel
    arrival: Arrival
    record: LogRecord
    signal: CallSignal | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that says nothing."""

    record: LogRecord
    error: DecodeError

    @property
    def channel(self) -> str:
        """As its sender named it."""
        return self.record.headers.get("channel", INTERACTIONS.name)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of a batch. The table `inbox` has it one by one, but for duplicates."""

    recorded: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What deciding needs beside the facts. `window`: how long an incident stays joinable by its customer's words.

    `reopen`: how long an answer reopens it once it is closed; later a follow-up is opened.
    """

    reader: Reader
    window: timedelta
    reopen: timedelta = timedelta(days=30)


def read(record: LogRecord, reader: Reader) -> Item | Unreadable:
    """Decode, before the lock."""
    try:
        item = decode_item(record.value)
        if isinstance(item, Interaction):
            return Item(record.id, channel_of(item), reader.read(item), record)
        begun = calls.begin(
            item.call,
            item.party,
            reader.id_of(item.party.address),
            direction=item.direction,
            line=item.line,
            agent=item.agent,
            at=item.occurred_at,
        )
        contact = calls.contact(begun, item.party, received_at=item.received_at, by=item.agent)
        return Item(
            record.id, Channel.PHONE, reader.read(contact, direction=item.direction, started=begun), record, item
        )
    except DecodeError as error:
        return Unreadable(record, error)
    except _DEFECTS as error:
        return Unreadable(record, DecodeError(f"not an interaction: {error!r}"))


def handle(
    connection: Connection, ledger: Ledger, rules: Rules, batch: Batch, read_records: Sequence[Item | Unreadable]
) -> Outcomes:
    """Everything about a batch, in the caller's transaction; the position moves with it."""
    known, now = loading.begin(connection)
    items = [one for one in read_records if isinstance(one, Item)]
    unreadable = [one for one in read_records if isinstance(one, Unreadable)]
    new = _take_in(connection, items)
    fresh = _renewed(connection, new)
    loading.load_for(connection, known, [item.arrival for item in fresh])
    _load_calls(connection, known, rules, [item for item in fresh if item.signal is not None])
    _load_chats(connection, known, fresh)
    mutes.load_reported(connection, known, [item.arrival for item in fresh])
    suspects: list[tuple[Item, Suspicion]] = []
    for item in fresh:
        suspicion = None if received.RELEASED in item.record.headers else not_genuine(item.arrival, known)
        if suspicion is not None:
            suspects.append((item, suspicion))
        else:
            decide(item, known, rules, now=now)
    saving.save(connection, ledger, known)
    for item, suspicion in suspects:
        _suspect(connection, item, suspicion, batch.topic)
    held = [one for one in unreadable if _hold(connection, one, batch.topic)]
    count(connection, batch, read_records, [*new, *held])
    positions.advance(connection, batch)
    recorded = len(fresh) - len(suspects)
    return Outcomes(recorded, len(items) - len(fresh), len(unreadable) + len(suspects))


def decide(item: Item, known: Known, rules: Rules, *, now: datetime) -> None:
    """One item: its facts into the working set. Raises UndecidableError."""
    try:
        if item.signal is None:
            take(item.arrival, known, rules, now=now)
            return
        call = _call_of(item.signal, item.arrival, known, rules, now=now)
        signal = msgspec.structs.replace(item.signal, call=call.id)
        known.record(calls.heard(call, signal), Cause(item.id, call.incident))
        if signal.signal is CallSignalKind.ENDED and call.answered_at is not None:
            _called_back(call, known, now)
    except (CauceError, *_DEFECTS) as error:
        raise UndecidableError(f"{type(error).__name__}: {error}") from error


def _call_of(signal: CallSignal, arrival: Arrival, known: Known, rules: Rules, *, now: datetime) -> Call:
    """The call a telephone system speaks of: begun before, logged by an agent, or begun now."""
    alias, by_hand, told = same.keys(rules.reader, signal.call, arrival.address)
    call = known.calls.get(known.threads[alias].interaction if alias in known.threads else signal.call)
    if call is not None:
        return call
    logged = known.calls.get(known.threads[by_hand].interaction) if by_hand in known.threads else None
    identified = same.reported(logged, signal, now) if logged is not None else None
    if logged is not None and identified is not None:
        known.record([identified], Cause(arrival.item.id, logged.incident))
        same.lead(known, alias, logged.id, logged.incident)
        return known.calls[logged.id]
    incident = take(arrival, known, rules, now=now)
    if signal.direction is Direction.OUT:
        same.lead(known, told, signal.call, incident)
    return known.calls[signal.call]


def _called_back(call: Call, known: Known, now: datetime) -> None:
    """The call made for a call-me-back was answered and has ended: that is done."""
    for callback in [one for one in known.callbacks.values() if one.call == call.id]:
        request = FinishCallback(callback=callback.id, by=call.agent, now=now)
        known.record(callbacks.called(callback, call.id, request), Cause(request.id, callback.incident))


def _load_calls(connection: Connection, known: Known, rules: Rules, items: Sequence[Item]) -> None:
    """The calls that telephone systems speak of, those that they may be, and what those were made for."""
    meant = {item.signal.call: item.arrival.address for item in items if item.signal is not None}
    if not meant:
        return
    keys = {key for call, address in meant.items() for key in same.keys(rules.reader, call, address)}
    leads.load_threads(connection, known, list(keys))
    led = {known.threads[key].interaction for key in keys if key in known.threads}
    loading.load_calls(connection, known, meant.keys() | led)
    ended = {item.signal.call for item in items if item.signal and item.signal.signal is CallSignalKind.ENDED}
    if ended:
        loading.load_callbacks(connection, known, calls=ended | led)


def take(arrival: Arrival, known: Known, rules: Rules, *, now: datetime) -> UUID | None:
    """An arrival becomes facts and index rows of the working set; returns its incident."""
    grouping = correlate(arrival, known, now=now, window=rules.window, reopen=rules.reopen)
    incident = arrive.incident_of(arrival, grouping)
    cause = Cause(arrival.item.id, incident)
    if arrival.automatic is None:
        known.record(meet(arrival, known, now=now), cause)
    known.record(arrive.decide(arrival, grouping, incident, known, now=now), cause)
    known.record(muting.reported(arrival, known, now=now), cause)
    index(arrival, grouping, incident, known)
    if incident is not None:
        for fact in arrive.joined(grouping, incident, known, now=now):
            known.record([fact], cause)
        known.record(list(arrive.woken(arrival, incident, known, now=now)), cause)
    known.deliveries += arrive.deliveries(arrival, incident)
    if arrival.item.channel is Channel.CHAT and incident is not None:
        known.record(_knock(arrival, incident, known, now), cause)
    return incident


def _knock(arrival: Arrival, incident: UUID, known: Known, now: datetime) -> Sequence[ChatFact]:
    """A chat's words ask for somebody to talk with."""
    session = arrival.item.contact
    return chats.knock(
        known.chats.get(session),
        arrival.item,
        session=session,
        incident=incident,
        address=arrival.address,
        claims=arrival.claims,
        available=known.available,
        now=now,
    )


def _load_chats(connection: Connection, known: Known, items: Sequence[Item]) -> None:
    sessions = {item.arrival.item.contact for item in items if item.channel is Channel.CHAT}
    if sessions:
        loading.load_chats(connection, known, sessions)
        known.available = presence.available(connection)


def _suspect(connection: Connection, item: Item, suspicion: Suspicion, topic: str) -> None:
    """It waits for a person. Taken in a moment ago, it stands in the inbox as recorded."""
    connection.execute("UPDATE inbox SET outcome = 'quarantined' WHERE id = %s", (item.id,))
    quarantine.hold(
        connection,
        item.record,
        topic=topic,
        channel=item.channel,
        reason=suspicion.reason,
        error=_found(item),
        sender=item.arrival.item.sender.address,
        incident=suspicion.incident,
    )


def _found(item: Item) -> str:
    checks = item.arrival.item.checks
    if checks is None:
        return ""
    results = {"dmarc": checks.dmarc, "dkim": checks.dkim, "spf": checks.spf}
    return "; ".join([checks.by or "cauce", *(f"{name}={result}" for name, result in results.items() if result)])


def _hold(connection: Connection, one: Unreadable, topic: str) -> bool:
    return quarantine.hold(connection, one.record, topic=topic, reason=HeldReason.UNDECODABLE, error=str(one.error))


def count(
    connection: Connection,
    batch: Batch,
    read_records: Sequence[Item | Unreadable],
    first_time: Sequence[Item | Unreadable],
) -> None:
    """How many came, and how many of them not for the first time, for the audit. A mail was counted by the parser."""
    came, repeated, first = Counter[str](), Counter[str](), set(map(id, first_time))
    for record, one in zip(batch.records, read_records, strict=True):
        if one.channel != _EMAIL and received.AGAIN not in record.headers:
            came[one.channel] += 1
            repeated[one.channel] += id(one) not in first
    received.count(connection, batch.topic, came, repeated)


def _take_in(connection: Connection, items: Sequence[Item]) -> list[Item]:
    """Those that were never handled, each once, in order."""
    first = {item.id: item for item in reversed(items)}
    rows = connection.execute(
        "INSERT INTO inbox (id, channel, outcome) SELECT id, channel, 'recorded'"
        " FROM unnest(%b::uuid[], %b::text[]) AS new (id, channel) ON CONFLICT DO NOTHING RETURNING id",
        (Uuids(first), Texts(item.channel.value for item in first.values())),
        binary=True,
    ).fetchall()
    new: set[UUID] = {item for (item,) in rows}
    return [item for item in items if item.id in new and first[item.id] is item]


def _renewed(connection: Connection, items: list[Item]) -> list[Item]:
    renewed = loading.load_renewed(connection, [party for item in items for party in item.arrival.everyone])
    return [msgspec.structs.replace(item, arrival=item.arrival.under(renewed)) for item in items] if renewed else items
