"""What a report file is, and reading one. docs/examples/ holds three.

    NAME = "first_response_by_hour"            # a report is its name and its version
    VERSION = 1
    COLUMNS = ("hour", "answered")
    FACTS = (IncidentOpened, InteractionLinked)  # optional: only these are decoded and handed over; else all

    def initial(): ...                         # → state, of any kind
    def reduce(state, fact): ...               # → state; pure: no clock, no I/O. May change `state` and return it
    def rows(state): ...                       # → rows, as tuples in the order of COLUMNS or as dicts by their names

Facts (schemas/facts/) come in the order of history, each with its own time (`at`, or `received_at`).
"""

from __future__ import annotations

import inspect
import runpy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from schemas.errors import InvalidError
from schemas.facts import Fact

_REQUIRED = ("NAME", "VERSION", "COLUMNS", "initial", "reduce", "rows")


@dataclass(frozen=True)
class ReportFile:
    """A loaded report. `facts` empty: it wants every kind."""

    name: str
    version: int
    columns: tuple[str, ...]
    facts: tuple[type[Fact], ...]
    initial: Callable[[], Any]
    reduce: Callable[[Any, Fact], Any]
    rows: Callable[[Any], Iterable[Any]]

    def table(self, state: Any) -> list[tuple[Any, ...]]:
        """The rows in the order of the columns. Raises InvalidError for one that doesn't fit them."""
        return [self._row(row) for row in self.rows(state)]

    def _row(self, row: Any) -> tuple[Any, ...]:
        if isinstance(row, dict):
            named: dict[str, Any] = row  # pyright: ignore[reportUnknownVariableType]  # -- a stranger's
            if set(named) != set(self.columns):
                raise InvalidError(f"rows() gave columns {sorted(named)}, COLUMNS are {sorted(self.columns)}")
            return _written(tuple(named[name] for name in self.columns))
        if isinstance(row, tuple | list):
            cells: tuple[Any, ...] = tuple(row)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # -- a stranger's
            if len(cells) == len(self.columns):
                return _written(cells)
        raise InvalidError(f"rows() gave {row!r:.80}, which is not a row of {len(self.columns)} columns")


def load(path: Path) -> ReportFile:
    """Run the file and take what a report needs from it. Raises InvalidError that names what is wrong."""
    if not path.is_file():
        raise InvalidError(f"{path} is not a file", field="path")
    try:
        found = runpy.run_path(str(path))
    except (Exception, SystemExit) as error:  # the report's author must read what failed, whatever it was
        raise InvalidError(f"{path.name} can't be loaded: {type(error).__name__}: {error}", field="path") from error
    wrong = list(_wrong(found))
    if wrong:
        raise InvalidError(f"{path.name}: " + "; ".join(wrong), field="path")
    return ReportFile(
        name=found["NAME"],
        version=found["VERSION"],
        columns=tuple(found["COLUMNS"]),
        facts=tuple(found.get("FACTS", ())),
        initial=found["initial"],
        reduce=found["reduce"],
        rows=found["rows"],
    )


def check(path: Path) -> list[str]:
    """What is wrong with a report file, found without any history; empty when nothing is."""
    try:
        report = load(path)
    except InvalidError as error:
        return [str(error)]
    try:
        report.table(report.initial())
    except Exception as error:  # noqa: BLE001 -- the report's author must read what failed, whatever it was
        return [f"{path.name}: rows(initial()) raises {type(error).__name__}: {error}"]
    return []


def _written(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    try:
        msgspec.json.encode(cells)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidError(f"rows() gave {cells!r:.80}: a cell is text, a number, a time, an id or None") from error
    return cells


def _wrong(found: Mapping[str, Any]) -> Iterable[str]:
    missing = [name for name in _REQUIRED if name not in found]
    if missing:
        yield f"it lacks {', '.join(missing)}"
        return
    if not isinstance(found["NAME"], str) or not found["NAME"].isidentifier():
        yield "NAME is not a name"
    if not isinstance(found["VERSION"], int) or found["VERSION"] < 1:
        yield "VERSION is not a number from 1"
    if not _all_are(found["COLUMNS"], lambda each: isinstance(each, str)) or not found["COLUMNS"]:
        yield "COLUMNS is not a tuple of names"
    if not _all_are(found.get("FACTS", ()), lambda each: isinstance(each, type) and issubclass(each, Fact)):
        yield "FACTS is not a tuple of fact classes"
    for name, arguments in (("initial", 0), ("reduce", 2), ("rows", 1)):
        if not callable(found[name]):
            yield f"{name} is not a function"
        elif len(inspect.signature(found[name]).parameters) != arguments:
            yield f"{name} does not take {arguments} arguments"


def _all_are(value: Any, wanted: Callable[[Any], bool]) -> bool:
    return isinstance(value, tuple | list) and all(wanted(each) for each in cast("Sequence[Any]", value))
