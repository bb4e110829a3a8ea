"""`cauce report`: reports over all of history, one file each: list them, check one, replay one into a table and CSV."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from schemas.errors import InvalidError
from services import logging_setup
from services.cli import context
from services.cli.progress import output, reaching
from services.reports.child import Replay, Replayed, replay_in_child
from services.reports.report_file import check, load
from services.wiring import open_database

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
_SHOWN_ROWS = 60

app = typer.Typer(help="Reports over the whole history.", no_args_is_help=True)


def register(cauce: typer.Typer) -> None:
    """Hang the group into the command line."""
    cauce.add_typer(app, name="report")


@app.command("list")
def list_reports(
    folder: Annotated[Path, typer.Argument(help="Where report files lie.", file_okay=False, exists=True)] = EXAMPLES,
) -> None:
    """The report files of a folder; without one, the examples that come with Cauce."""
    table = Table("file", "report", "version", "columns")
    for path in sorted(folder.glob("*.py")):
        try:
            report = load(path)
        except InvalidError as error:
            table.add_row(_short(path), "[red]not a report", "", str(error))
        else:
            table.add_row(_short(path), report.name, str(report.version), ", ".join(report.columns))
    output().print(table)


@app.command("check")
def check_report(path: Annotated[Path, typer.Argument(help="A report file.")]) -> None:
    """Say what is wrong with a report file, without any history. Ends with 1 when something is."""
    wrong = check(path)
    for each in wrong:
        print(each)
    if wrong:
        sys.exit(1)
    print(f"{path} is a report")


@app.command("replay")
def replay(
    path: Annotated[Path, typer.Argument(help="A report file.")],
    since: Annotated[str | None, typer.Option(help="From this day or time on, e.g. 2026-01-31.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this day or time.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As history stood then: a day, a time, or a position in it.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the rows to this CSV file.", dir_okay=False)] = None,
) -> None:
    """Run a report over all of history, in a process of its own, and show its table."""
    begin, end = _moment(since, "--since"), _moment(until, "--until")
    if begin is not None and end is not None and begin >= end:
        raise InvalidError("--since must be before --until")
    if out is not None and not out.absolute().parent.is_dir():
        raise InvalidError(f"--out: there is no folder {out.parent}")
    logging_setup.configure("report", level="WARNING")
    with open_database(context.settings()) as database, reaching(path.stem) as progress:
        request = Replay(
            database_url=database.url,
            path=str(path.absolute()),
            since=begin,
            until=end,
            as_of=int(as_of) if as_of is not None and as_of.isdigit() else _moment(as_of, "--as-of"),
            out=str(out.absolute()) if out is not None else "",
        )
        found = replay_in_child(request, lambda done, total: progress("replay", done, total))
    _show(found, out)


def _show(found: Replayed, out: Path | None) -> None:
    console = output()
    table = Table(*found.columns, title=f"{found.name} (version {found.version})")
    for row in found.rows[:_SHOWN_ROWS]:
        table.add_row(*map(_cell, row))
    console.print(table)
    if len(found.rows) > _SHOWN_ROWS:
        console.print(
            f"… and {len(found.rows) - _SHOWN_ROWS} more rows{'' if out else ': --out FILE.csv has them all'}"
        )
    notes = Console(stderr=True)
    notes.print(f"{found.events:,} facts up to position {found.position:,}")
    if found.unreadable:
        notes.print(f"[yellow]{found.unreadable} events could not be read and were left out")
    if out is not None:
        notes.print(f"written to {out}", markup=False)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return datetime.combine(day, time(), UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"{option} is a day (2026-01-31) or a time (2026-01-31T08:00Z), not {text!r}") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
