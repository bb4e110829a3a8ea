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
from projections.projection import Projection, Step, Target
from projections.rows import Rows, Slot
from schemas.errors import DecodeError, StalePositionError
from schemas.facts import Fact

log = structlog.get_logger()

_ERROR_CHARACTERS = 500


class Decoded(msgspec.Struct, frozen=True):
    """An event with its fact, or with why it can't be read."""

    event: Recorded
    fact: Fact | DecodeError


_Planned = tuple[Step[Any], Sequence[Target], Sequence[Slot]]


def decode(connection: Connection, keys: Keys, events: Sequence[Recorded], wanted: Collection[str]) -> list[Decoded]:
    """The events whose stored type is wanted, decoded, with at most one look-up of keys."""
    chosen = [event for event in events if event.type in wanted]
    keys.prefetch(connection, chosen)
    return [Decoded(event, _fact(event, keys)) for event in chosen]


class Engine:
    """Folds into one schema of one projection: the live view, or one being rebuilt (`bulk`: new rows by COPY)."""

    def __init__(self, projection: Projection, schema: str, *, keep: int = 0, bulk: bool = False) -> None:
        self.projection = projection
        self.schema = schema
        self.bulk = bulk
        self._rows = Rows(projection, keep=keep)

    def position(self, connection: Connection) -> int:
        """Its checkpoint. Raises StalePositionError where its version is no longer the code's."""
        row = connection.execute("SELECT position, version FROM projections WHERE schema = %s", (self.schema,))
        found = row.fetchone()
        if found is None or found[1] != self.projection.version:
            raise StalePositionError(f"{self.schema} is not at version {self.projection.version}")
        return int(found[0])

    def fold(self, connection: Connection, decoded: Sequence[Decoded], old: int, new: int) -> None:
        """Fold what lies after `old` up to `new`, in the caller's transaction. Raises StalePositionError.

        The checkpoint's row is locked first, so that nobody swaps the schema under the batch.
        """
        row = connection.execute(
            "SELECT position FROM projections WHERE schema = %s AND version = %s FOR UPDATE",
            (self.schema, self.projection.version),
        ).fetchone()
        if row is None or row[0] != old:
            raise StalePositionError(f"{self.schema} is no longer at {old}")
        try:
            self._fold_all(connection, [each for each in decoded if self._concerned(each)])
        except BaseException:
            self._rows.forget()
            raise
        moved = connection.execute(
            "UPDATE projections SET position = %s, moved_at = clock_timestamp() WHERE schema = %s AND position = %s",
            (new, self.schema, old),
        )
        if moved.rowcount != 1:
            raise StalePositionError(f"{self.schema} is no longer at {old}")

    def _concerned(self, each: Decoded) -> bool:
        if isinstance(each.fact, DecodeError):
            return each.event.type in self.projection.type_names
        return type(each.fact) in self.projection.steps

    def _fold_all(self, connection: Connection, decoded: Sequence[Decoded]) -> None:
        parked = _parked(connection, self.schema)
        segment: list[Decoded] = []
        for each in decoded:
            segment.append(each)
            if isinstance(each.fact, Fact) and type(each.fact) in self.projection.statements:
                self._fold_segment(connection, segment, parked)
                segment = []
        self._fold_segment(connection, segment, parked)

    def _fold_segment(self, connection: Connection, segment: Sequence[Decoded], parked: dict[str, int]) -> None:
        """Fold events of which at most the last has set-wide statements; where the database refuses, bisect."""
        if not segment:
            return
        before = dict(parked)
        try:
            with connection.transaction():
                self._fold_rows(connection, segment, parked)
                self._rows.flush(connection, bulk=self.bulk)
                self._execute_statements(connection, segment[-1], parked)
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded) as error:
            self._rows.forget()
            parked.clear()
            parked.update(before)
            if len(segment) == 1:
                self._park(connection, segment[0].event, error, parked)
                return
            half = len(segment) // 2
            self._fold_segment(connection, segment[:half], parked)
            self._fold_segment(connection, segment[half:], parked)

    def _fold_rows(self, connection: Connection, segment: Sequence[Decoded], parked: dict[str, int]) -> None:
        planned = [self._plan(each) for each in segment]
        self._rows.load(connection)
        for each, plan in zip(segment, planned, strict=True):
            if each.event.stream in parked:
                self._skip(connection, each.event)
                continue
            if isinstance(plan, Exception):
                self._park(connection, each.event, plan, parked)
                continue
            try:
                self._fold_one(each, plan)
            except Exception as error:  # noqa: BLE001 -- a fold is pure: whatever it raises it will raise again
                self._park(connection, each.event, error, parked)

    def _plan(self, each: Decoded) -> list[_Planned] | Exception:
        """Where the event's steps fold, or why that can't be said."""
        if isinstance(each.fact, DecodeError):
            return each.fact
        planned: list[_Planned] = []
        try:
            for step in self.projection.steps[type(each.fact)]:
                targets = step.targets(each.fact, each.event)
                planned.append((step, targets, [self._rows.slot(target, bulk=self.bulk) for target in targets]))
        except Exception as error:  # noqa: BLE001 -- as pure as a fold
            return error
        return planned

    def _fold_one(self, each: Decoded, planned: Sequence[_Planned]) -> None:
        done: list[tuple[Target, Slot, Any]] = []
        for step, targets, slots in planned:
            if len(slots) == 1:
                target, slot = targets[0], slots[0]
                row = slot.row
                if row is None:
                    row = target[0].new(target[1], surely=target[2])
                done.append((target, slot, step.fold((row,), each.fact, each.event)[0]))
                continue
            before = [
                target[0].new(target[1], surely=target[2]) if slot.row is None else slot.row
                for target, slot in zip(targets, slots, strict=True)
            ]
            done.extend(zip(targets, slots, step.fold(before, each.fact, each.event), strict=True))
        for target, slot, row in done:  # all of an event or nothing
            self._rows.put(target, slot, row)

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


def _parked(connection: Connection, schema: str) -> dict[str, int]:
    rows: Sequence[tuple[str, int]] = connection.execute(
        "SELECT stream, position FROM parked WHERE schema = %s", (schema,)
    ).fetchall()
    return dict(rows)


def _fact(event: Recorded, keys: Keys) -> Fact | DecodeError:
    try:
        return event.fact(keys)
    except DecodeError as error:
        return error
