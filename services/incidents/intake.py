"""The consumer of the log `interactions`: batches into facts, poison into quarantine, everything else retried for ever.

Given to `Log.consume` as handler; one active at a time, the store's lock sees to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import psycopg
import structlog

from eventstore import positions
from eventstore.database import Connection
from eventstore.log import Batch, LogRecord
from schemas.errors import DecodeError, OperatorError, PoisonError, RefusedError
from schemas.held import HeldReason
from services import quarantine
from services.incidents import batch as batches
from services.incidents.arrival import Reader
from services.incidents.batch import Item, Rules, Unreadable
from services.wiring import Hub

POISON_IN_A_ROW_MAX = 5
_AT_ONCE_MAX = 500

_POISON = (PoisonError, RefusedError, psycopg.DataError, psycopg.IntegrityError)  # SQLSTATE 22 and 23

log = structlog.get_logger()


class IncidentsService:
    """`handle` is what `Log.consume` of the topic `interactions` calls."""

    def __init__(self, hub: Hub) -> None:
        self._database = hub.database
        self._ledger = hub.ledger
        settings = hub.settings
        window, reopen = timedelta(hours=settings.correlation_hours), timedelta(days=settings.reopen_days)
        self._rules = Rules(Reader(hub.secret), window, reopen)
        self._poison_in_a_row = 0
        self._at_once = _AT_ONCE_MAX

    async def handle(self, batch: Batch) -> None:
        """One transaction, position included. Raises OperatorError after five poison records in a row."""
        read = [batches.read(record, self._rules.reader) for record in batch.records]
        await self._handle(batch, read)

    async def _handle(self, batch: Batch, read: Sequence[Item | Unreadable]) -> None:
        if (last := self._one_too_many(read)) is not None:
            if last > 0:  # what comes before it is done first: each start gets further
                offset = batch.records[last].offset
                await self._handle(replace(batch, records=batch.records[:last], next_position=offset), read[:last])
            self._stop(batch.records[last], DecodeError("undecodable"))
        if len(batch.records) > self._at_once:
            await self._handle_halves(batch, read)
            return
        try:
            outcomes = await self._database.run(batches.handle, self._ledger, self._rules, batch, read)
        except _POISON as error:
            if len(batch.records) == 1:
                await self._quarantine(batch, batch.records[0], read[0], error)
            else:  # whose fault? until one record stands alone
                await self._handle_halves(batch, read)
            return
        except psycopg.OperationalError:
            # it comes again: in smaller parts, should it have been too much for the time a transaction has
            self._at_once = max(1, len(batch.records) // 2)
            raise
        self._at_once = min(_AT_ONCE_MAX, self._at_once * 2)
        log.debug(
            "interactions_handled",
            recorded=outcomes.recorded,
            duplicates=outcomes.duplicates,
            quarantined=outcomes.quarantined,
            offset=batch.next_position,
        )
        self._count_poison(read)

    async def _handle_halves(self, batch: Batch, read: Sequence[Item | Unreadable]) -> None:
        """Each in its own transaction, in order."""
        middle = len(batch.records) // 2
        offset = batch.records[middle].offset
        await self._handle(replace(batch, records=batch.records[:middle], next_position=offset), read[:middle])
        await self._handle(replace(batch, records=batch.records[middle:], position=offset), read[middle:])

    async def _quarantine(self, batch: Batch, record: LogRecord, read: Item | Unreadable, error: Exception) -> None:
        if self._poison_in_a_row + 1 >= POISON_IN_A_ROW_MAX:
            self._stop(record, error)
        channel = str(read.channel)
        sender = read.arrival.item.sender.address if isinstance(read, Item) else ""

        def hold(connection: Connection) -> None:
            reason = HeldReason.UNDECIDABLE if isinstance(error, PoisonError) else HeldReason.REFUSED_BY_THE_DATABASE
            first = quarantine.hold(
                connection, record, topic=batch.topic, channel=channel, sender=sender, reason=reason, error=repr(error)
            )
            batches.count(connection, batch, [read], [read] if first else [])
            positions.advance(connection, batch)

        await self._database.run(hold)
        self._poison_in_a_row += 1
        log.error("interaction_quarantined", interaction_id=str(record.id), channel=channel, error=type(error).__name__)

    def _one_too_many(self, read: Sequence[Item | Unreadable]) -> int | None:
        """Where the last unreadable record is that may not be passed over in silence."""
        run = self._poison_in_a_row
        for index, one in enumerate(read):
            run = run + 1 if isinstance(one, Unreadable) else 0
            if run >= POISON_IN_A_ROW_MAX:
                return index
        return None

    def _count_poison(self, read: Sequence[Item | Unreadable]) -> None:
        for one in read:
            self._poison_in_a_row = self._poison_in_a_row + 1 if isinstance(one, Unreadable) else 0
            if isinstance(one, Unreadable):
                log.error("interaction_quarantined", interaction_id=str(one.record.id), error="DecodeError")

    def _stop(self, record: LogRecord, error: Exception) -> None:
        raise OperatorError(
            f"{POISON_IN_A_ROW_MAX} records in a row can't be handled, the last at offset {record.offset}"
            f" ({type(error).__name__}: {error}): this is a defect or a wrong version, not a bad message."
            " Nothing is lost; look at the quarantine, mend, start again"
        ) from error
