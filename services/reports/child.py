"""A replay in a process of its own, bounded in memory and time: whatever the report does, the hub goes on.

parent ── settings on stdin ──▶ python -m services.reports.child ── JSON lines on stdout ──▶ parent
"""

from __future__ import annotations

import contextlib
import csv
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import psycopg

from eventstore.database import Database
from schemas.errors import CauceError
from services.reports.replay import Span, replay
from services.reports.report_file import load

_MEMORY_BYTES = 2 * 1024**3
_SECONDS = 3600.0
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ReplayFailedError(CauceError):
    """The report, or its process, failed; the message is for its author."""

    status = 422
    title = "Replay failed"


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay. `out`: a CSV file. `as_of`: a position or a time. `database_url` never shows in arguments."""

    database_url: str
    path: str
    since: datetime | None = None
    until: datetime | None = None
    as_of: int | datetime | None = None
    out: str = ""
    memory_bytes: int = _MEMORY_BYTES


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """The table, and what it was computed from."""

    name: str
    version: int
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    position: int
    events: int
    unreadable: int


class _Line(msgspec.Struct, omit_defaults=True):
    """One line of the child's output: progress, a row, the end, or a failure."""

    done: int = 0
    total: int = 0
    row: tuple[Any, ...] = ()
    end: Replayed | None = None
    failure: str = ""


def replay_in_child(
    request: Replay,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    seconds: float = _SECONDS,
) -> Replayed:
    """Replay and wait. Raises ReplayFailedError; the child is gone in any case, this process unharmed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "services.reports.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    late = threading.Timer(seconds, child.kill)
    late.start()
    try:
        with child:
            assert child.stdin is not None  # noqa: S101 -- asked for above
            assert child.stdout is not None  # noqa: S101 -- asked for above
            child.stdin.write(msgspec.json.encode(request))
            child.stdin.close()
            found = _follow(child.stdout, progress)
    except BaseException:
        child.kill()
        raise
    finally:
        timed_out = not late.is_alive()
        late.cancel()
    if found is None:
        why = f"longer than {seconds:g} s" if timed_out else f"its process ended with {child.returncode}"
        raise ReplayFailedError(f"the report was stopped: {why}")
    return found


def _follow(output: IO[bytes], progress: Callable[[int, int], None]) -> Replayed | None:
    rows: list[tuple[Any, ...]] = []
    for text in output:
        line = msgspec.json.decode(text, type=_Line)
        if line.failure:
            raise ReplayFailedError(line.failure)
        if line.end is not None:
            return msgspec.structs.replace(line.end, rows=rows)
        if line.row:
            rows.append(line.row)
        else:
            progress(line.done, line.total)
    return None


def main() -> int:
    """The child."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Replay)
    # what the report prints must not mix with what we say
    saying = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _bound(request.memory_bytes)
    database = Database(request.database_url, size=1)
    try:
        for line in _lines(request, database, saying):
            _say(saying, line)
    except MemoryError:
        _say(saying, _Line(failure=f"the report needs more than {request.memory_bytes // 1024**2} MiB of memory"))
        return 1
    except (CauceError, psycopg.Error, OSError) as error:
        _say(saying, _Line(failure=str(error)))
        return 1
    finally:
        database.close()
    return 0


def _lines(request: Replay, database: Database, saying: IO[bytes]) -> Iterator[_Line]:
    report = load(Path(request.path))
    database.open()
    outcome = replay(
        database,
        report,
        Span(request.since, request.until, request.as_of),
        lambda done, total: _say(saying, _Line(done=done, total=total)),
    )
    if request.out:
        _write_csv(Path(request.out), report.columns, outcome.rows)
    for row in outcome.rows:
        yield _Line(row=row)
    yield _Line(
        end=Replayed(
            name=report.name,
            version=report.version,
            columns=report.columns,
            rows=[],
            position=outcome.position,
            events=outcome.events,
            unreadable=outcome.unreadable,
        )
    )


def _write_csv(path: Path, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    # a file is whole or isn't there
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([_harmless(cell) for cell in row] for row in rows)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _harmless(cell: Any) -> Any:
    # words come from strangers: a spreadsheet must not run them
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _bound(memory_bytes: int) -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 -- only there

        with contextlib.suppress(ValueError, OSError):  # the system's own limit is lower
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _say(saying: IO[bytes], line: _Line) -> None:
    saying.write(msgspec.json.encode(line) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
