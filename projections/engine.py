"""Folds batches of events into a projection's tables: one transaction a batch, its checkpoint moved with it.

    events ─ decode ─▶ (event, fact) ─ load rows ─ fold ─ upsert ─ checkpoint WHERE position = $old

What can't be decoded or folded parks its stream, with its later events; everything else goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import psycopg
import structlog

from eventstore.database import Connection
from eventstore.keys import Keys
from eventstore.recorded import Recorded
from projections.projection import Both, Each, Projection, Step, Table
from projections.rows import Rows, Slot
from schemas.errors import DecodeError, StalePositionError
from schemas.facts import Fact

log = structlog.get_logger()

_ERROR_CHARACTERS = 500
_REFUSED = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)


class Decoded(msgspec.Struct, frozen=True):
    """An event with its fact, or with why it can't be read."""

    event: Recorded
    fact: Fact | DecodeError


_Planned = tuple[Step[Any] | Each[Any], Slot] | tuple[Both[Any], Slot, Slot]


def decode(connection: Connection, keys: Keys, events: Sequence[Recorded], wanted: Collection[str]) -> list[Decoded]:
    """The events whose stored type is wanted, decoded, with at most one look-up of keys."""
    chosen = [event for event in events if event.type in wanted]
    return list(map(Decoded, chosen, keys.facts(connection, chosen)))


class Engine:
    """Folds into one schema of one projection: the live view, or one being rebuilt (`bulk`: new rows by COPY)."""

    def __init__(self, projection: Projection, schema: str, *, keep: int = 0, bulk: bool = False) -> None:
        self.projection = projection
        self.schema = schema
        self._rows = Rows(projection, keep=keep, bulk=bulk)

    def position(self, connection: Connection) -> int:
        """Its checkpoint. Raises StalePositionError where its version is no longer the code's."""
        row = connection.execute("SELECT position, version FROM projections WHERE schema = %s", (self.schema,))
        found = row.fetchone()
        if found is None or found[1] != self.projection.version:
            raise StalePositionError(f"{self.schema} is not at version {self.projection.version}")
        return int(found[0])

    def fold(self, connection: Connection, decoded: Sequence[Decoded], old: int, new: int) -> None:
        """Fold what lies after `old` up to `new`, in the caller's transaction. Raises StalePositionError."""
        if decoded:  # else there is only the checkpoint to move
            self._lock(connection, old)
            try:
                self._fold_all(connection, decoded)
            except BaseException:
                self._rows.forget()
                raise
        moved = connection.execute(
            "UPDATE projections SET position = %s, moved_at = clock_timestamp()"
            " WHERE schema = %s AND version = %s AND position = %s",
            (new, self.schema, self.projection.version, old),
        )
        if moved.rowcount != 1:
            raise StalePositionError(f"{self.schema} is no longer at {old}")

    def _lock(self, connection: Connection, old: int) -> None:
        """The checkpoint's row first, so that nobody swaps the schema under the batch."""
        row = connection.execute(
            "SELECT position FROM projections WHERE schema = %s AND version = %s FOR UPDATE",
            (self.schema, self.projection.version),
        ).fetchone()
        if row is None or row[0] != old:
            raise StalePositionError(f"{self.schema} is no longer at {old}")

    def _fold_all(self, connection: Connection, decoded: Sequence[Decoded]) -> None:
        parked = _parked(connection, self.schema)
        steps, statements = self.projection.steps, self.projection.statements
        segment: list[Decoded] = []
        for each in decoded:
            kind = type(each.fact)
            if kind in steps or (kind is DecodeError and each.event.type in self.projection.type_names):
                segment.append(each)
            if kind in statements:
                self._fold_segment(connection, segment, parked)
                segment = []
        self._fold_segment(connection, segment, parked)

    def _fold_segment(self, connection: Connection, segment: Sequence[Decoded], parked: dict[str, int]) -> None:
        """Fold events of which at most the last has set-wide statements; bisect where the database refuses.

        Also where it takes too long: the same batch would take as long each time, and the view would stand still.
        """
        if not segment:
            return
        before = dict(parked)
        try:
            with connection.transaction():
                self._fold_rows(connection, segment, parked)
                self._rows.flush(connection)
                self._execute_statements(connection, segment[-1], parked)
        except (*_REFUSED, psycopg.errors.QueryCanceled) as error:
            self._rows.forget()
            parked.clear()
            parked.update(before)
            if len(segment) == 1:
                if not isinstance(error, _REFUSED):
                    raise  # it isn't the event's fault
                self._park(connection, segment[0].event, error, parked)
                return
            half = len(segment) // 2
            self._fold_segment(connection, segment[:half], parked)
            self._fold_segment(connection, segment[half:], parked)

    def _fold_rows(self, connection: Connection, segment: Sequence[Decoded], parked: dict[str, int]) -> None:
        planned = [self._plan(each) for each in segment]
        self._rows.load(connection)
        for each, plan in zip(segment, planned, strict=True):
            if parked and each.event.stream in parked:
                self._skip(connection, each.event)
                continue
            if isinstance(plan, Exception):
                self._park(connection, each.event, plan, parked)
                continue
            try:
                done = _folded(each, plan)
            except Exception as error:  # noqa: BLE001 -- a fold is pure: whatever it raises it will raise again
                self._park(connection, each.event, error, parked)
                continue
            for table, slot, row in done:  # all of an event or nothing
                self._rows.put(table, slot, row)

    def _plan(self, each: Decoded) -> list[_Planned] | Exception:
        """Where the event's steps fold, or why that can't be said."""
        if isinstance(each.fact, DecodeError):
            return each.fact
        fact, event, slot = each.fact, each.event, self._rows.slot
        planned: list[_Planned] = []
        try:
            for step in self.projection.steps[type(fact)]:
                if isinstance(step, Step):
                    planned.append((step, slot(step.table, step.key(fact, event), step.surely_new)))
                elif isinstance(step, Both):
                    other = slot(step.other_table, step.other_key(fact), step.other_is_new(fact))
                    planned.append((step, slot(step.table, step.key(fact), step.surely_new), other))
                else:
                    planned.extend((step, slot(step.table, key, step.surely_new)) for key in step.keys(fact, event))
        except Exception as error:  # noqa: BLE001 -- as pure as a fold
            return error
        return planned

    def _execute_statements(self, connection: Connection, last: Decoded, parked: dict[str, int]) -> None:
        if isinstance(last.fact, DecodeError) or last.event.stream in parked:
            return
        statements = self.projection.statements.get(type(last.fact), ())
        for each in statements:
            connection.execute(each.statement, each.values(last.fact))
        if statements:
            self._rows.forget()

    def _park(self, connection: Connection, event: Recorded, error: Exception, parked: dict[str, int]) -> None:
        parked[event.stream] = event.position
        connection.execute(
            "INSERT INTO parked (schema, stream, position, error) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (self.schema, event.stream, event.position, f"{type(error).__name__}: {error}"[:_ERROR_CHARACTERS]),
        )
        log.error(
            "stream_parked",
            projection=self.projection.name,
            stream=event.stream,
            position=event.position,
            error=type(error).__name__,
        )

    def _skip(self, connection: Connection, event: Recorded) -> None:
        connection.execute(
            "UPDATE parked SET skipped = skipped + 1 WHERE schema = %s AND stream = %s AND position < %s",
            (self.schema, event.stream, event.position),
        )


def _folded(each: Decoded, planned: Sequence[_Planned]) -> list[tuple[Table[Any], Slot, Any]]:
    """The rows as they are after an event."""
    fact, event = each.fact, each.event
    done: list[tuple[Table[Any], Slot, Any]] = []
    for plan in planned:
        match plan:
            case (step, slot):
                row = slot.row or step.table.new(slot.key, surely=step.surely_new)
                done.append((step.table, slot, step.fold(row, fact, event)))
            case (step, slot, other):
                row = slot.row or step.table.new(slot.key, surely=step.surely_new)
                other_row = other.row or step.other_table.new(other.key, surely=False)
                row, other_row = step.fold(row, other_row, fact, event)
                done += (step.table, slot, row), (step.other_table, other, other_row)
    return done


def _parked(connection: Connection, schema: str) -> dict[str, int]:
    rows: Sequence[tuple[str, int]] = connection.execute(
        "SELECT stream, position FROM parked WHERE schema = %s", (schema,)
    ).fetchall()
    return dict(rows)
