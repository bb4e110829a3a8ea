"""A projection as data: its name and version, its tables, and a pure fold for each kind of fact. Run by engine.py.

    CALLS = Projection("calls", version=1, ddl="calls/tables.sql", tables=(_CALLS,), on=(
        on(CallStarted, opens(_CALLS, lambda fact: fact.call, _started)),
        on(CallAnswered, changes(_CALLS, lambda fact: fact.call, _answered)),
        on(PersonErased, Everywhere("UPDATE calls SET phone = '' WHERE address = ANY(%(addresses)s)", erased)),
    ))

Folds are pure: (row, fact, event) → row. Which rows a fact folds into follows from the fact alone, so that a batch's
rows are loaded with one look-up a table. `Everywhere` is for rare facts that concern rows nobody can name.
Changing a fold or the DDL means a new version: the live view is rebuilt beside itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from types import UnionType
from typing import Any, Generic, LiteralString, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from eventstore.recorded import Recorded
from schemas.codec import UPCASTERS
from schemas.facts import REGISTRY, Fact

A = TypeVar("A", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct)
R = TypeVar("R", bound=msgspec.Struct)
F = TypeVar("F", bound=Fact)
F_contra = TypeVar("F_contra", bound=Fact, contravariant=True)

Key = Hashable  # the key column's value, or a tuple of them in their order
_DDL = Path(__file__).parent
_AFTER_THE_LOAD = "-- after the load\n"
_POSTGRES: Mapping[object, LiteralString] = {
    UUID: "uuid",
    str: "text",
    int: "bigint",
    bool: "boolean",
    float: "double precision",
    datetime: "timestamptz",
    date: "date",
    list: "text[]",
    dict: "jsonb",
}


class MissingRowError(LookupError):
    """A fact changes a row that no fact made. Its stream is parked."""


@dataclass(frozen=True, eq=False)
class Table(Generic[R]):
    """A table of a projection. `row`'s fields are its columns in their order; `blank` makes the row of a new key.

    `seen`: which rows of it are shown to whom some incidents are hidden from; empty: all (projections/narrowed.py).
    """

    name: str
    row: type[R]
    key: tuple[str, ...]
    blank: Callable[[Any], R] | None = None
    seen: LiteralString = ""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Column names."""
        return self.row.__struct_fields__

    @cached_property
    def types(self) -> dict[str, LiteralString]:
        """PostgreSQL type of each column. `list[str]` is `text[]`, any other list or dict `jsonb`."""
        return {name: _postgres_type(hint) for name, hint in get_type_hints(self.row).items() if name in self.columns}

    @cached_property
    def place(self) -> Callable[[Any], Hashable]:
        """What finds the row of a key in memory: of a UUID its number, for a UUID itself hashes and compares slowly."""
        return attrgetter("int") if [self.types[name] for name in self.key] == ["uuid"] else lambda key: key

    def key_of(self, row: R) -> Key:
        """The key of a row."""
        parts = tuple(getattr(row, name) for name in self.key)
        return parts[0] if len(parts) == 1 else parts

    def new(self, key: Key, *, surely: bool) -> R | None:
        """A row for a key that has none; None where the fact makes it. Raises MissingRowError where one must exist."""
        if self.blank is None:
            if surely:
                return None
            msg = f"no row of {self.name} has the key {key}"
            raise MissingRowError(msg)
        return self.blank(key)


@dataclass(frozen=True, slots=True)
class Step(Generic[F_contra]):
    """What one fact does to one row. `surely_new`: nothing made it before, so that a bulk load needn't look it up."""

    table: Table[Any]
    key: Callable[[F_contra, Recorded], Key]
    fold: Callable[[Any, F_contra, Recorded], msgspec.Struct]
    surely_new: bool


@dataclass(frozen=True, slots=True)
class Both(Generic[F_contra]):
    """What one fact does to two rows of which each needs to know the other. `surely_new`: the one is."""

    table: Table[Any]
    key: Callable[[F_contra], Key]
    other_table: Table[Any]
    other_key: Callable[[F_contra], Key]
    other_is_new: Callable[[F_contra], bool]
    fold: Callable[[Any, Any, F_contra, Recorded], tuple[msgspec.Struct, msgspec.Struct]]
    surely_new: bool = False


@dataclass(frozen=True, slots=True)
class Each(Generic[F_contra]):
    """What one fact does to several rows alike, or to none. Keys must differ."""

    table: Table[Any]
    keys: Callable[[F_contra, Recorded], Sequence[Key]]
    fold: Callable[[Any, F_contra, Recorded], msgspec.Struct]
    surely_new: bool


@dataclass(frozen=True, slots=True)
class Everywhere(Generic[F_contra]):
    """A statement over whole tables, run in the place of its fact. `values`: its named parameters."""

    statement: LiteralString
    values: Callable[[F_contra], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Settle:
    """Columns of a table that follow from several of its rows, outside the row struct; settled after each batch.

    `statement` gets the keys `changed`; `candidates` selects all keys it matters for, after a bulk load.
    """

    table: Table[Any]
    statement: LiteralString
    candidates: LiteralString


AnyStep = Step[F_contra] | Both[F_contra] | Each[F_contra]
On = tuple[type[Fact], tuple[AnyStep[Any], ...], tuple[Everywhere[Any], ...]]


def on(kind: type[F], *steps: Step[F] | Both[F] | Each[F] | Everywhere[F]) -> On:
    """What a kind of fact does."""
    return (
        kind,
        tuple(step for step in steps if not isinstance(step, Everywhere)),
        tuple(step for step in steps if isinstance(step, Everywhere)),
    )


def opens(table: Table[R], key: Callable[[F], Key], fold: Callable[[F, Recorded], R]) -> Step[F]:
    """The fact makes the row of a key never seen before."""
    return Step(table, lambda fact, _: key(fact), lambda _, fact, event: fold(fact, event), surely_new=True)


def lines(table: Table[R], fold: Callable[[F, Recorded], R], key: Callable[[Recorded], Key]) -> Step[F]:
    """The fact makes a row of its own, keyed by its place in history."""
    return Step(table, lambda _, event: key(event), lambda _, fact, event: fold(fact, event), surely_new=True)


def begins(table: Table[R], key: Callable[[F], Key], fold: Callable[[R, F, Recorded], R]) -> Step[F]:
    """The fact changes a row, a blank one as a rule: any fact about the same row comes after it, or just before."""
    return Step(table, lambda fact, _: key(fact), fold, surely_new=True)


def changes(table: Table[R], key: Callable[[F], Key], fold: Callable[[R, F, Recorded], R]) -> Step[F]:
    """The fact changes one row, a blank one if there is none."""
    return Step(table, lambda fact, _: key(fact), fold, surely_new=False)


def changes_each(table: Table[R], keys: Callable[[F], Sequence[Key]], fold: Callable[[R, F, Recorded], R]) -> Each[F]:
    """The fact changes several rows alike."""
    return Each(table, lambda fact, _: keys(fact), fold, surely_new=False)


def changes_both(
    one: tuple[Table[A], Callable[[F], Key]],
    other: tuple[Table[B], Callable[[F], Key]],
    fold: Callable[[A, B, F, Recorded], tuple[A, B]],
    *,
    other_is_new: Callable[[F], bool] = lambda _: False,
) -> Both[F]:
    """The fact changes two rows of which each needs to know the other."""
    return Both(*one, *other, other_is_new, fold)


@dataclass(frozen=True, eq=False)
class Projection:
    """A read model. `ddl`: its file in this folder; indexes stand behind the line `-- after the load`.

    `indexes`: further ones, a statement each, where their number follows from the code.
    """

    name: str
    version: int
    ddl: str
    tables: tuple[Table[Any], ...]
    on: tuple[On, ...] = field(repr=False)
    settle: Settle | None = None
    indexes: tuple[str, ...] = ()

    @cached_property
    def steps(self) -> Mapping[type[Fact], tuple[AnyStep[Any], ...]]:
        """The folds of each kind of fact."""
        return {kind: steps for kind, steps, _ in self.on}

    @cached_property
    def statements(self) -> Mapping[type[Fact], tuple[Everywhere[Any], ...]]:
        """The set-wide statements of each kind of fact that has some."""
        return {kind: statements for kind, _, statements in self.on if statements}

    @cached_property
    def type_names(self) -> frozenset[str]:
        """Stored names of the events it must decode. A name with an upcaster may become anything."""
        return frozenset(name for name, kind in REGISTRY.items() if kind in self.steps or name in UPCASTERS)

    def create_tables(self) -> str:
        """DDL of its tables."""
        return (_DDL / self.ddl).read_text().partition(_AFTER_THE_LOAD)[0]

    def create_indexes(self) -> list[str]:
        """DDL of what is built once the tables are filled, a statement each; the longest first."""
        text = "".join(((_DDL / self.ddl).read_text().partition(_AFTER_THE_LOAD)[2], *self.indexes))
        return [statement.strip() for statement in text.split(";\n") if "CREATE" in statement]


def _postgres_type(hint: Any) -> LiteralString:
    if get_origin(hint) is UnionType:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is list:
        return "text[]" if get_args(hint) == (str,) else "jsonb"
    return _POSTGRES[get_origin(hint) or hint]
