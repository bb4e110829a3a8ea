"""Runs a report over the history: pages of events, decoded, reduced. In the child process of child.py."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventstore import store
from eventstore.database import Database
from eventstore.keys import Keys
from eventstore.recorded import Recorded
from schemas.codec import UPCASTERS
from schemas.errors import CauceError, DecodeError
from schemas.facts import REGISTRY, Fact
from services.reports.report_file import ReportFile

_PAGE_EVENTS = 2_000


class ReportError(CauceError):
    """The report's own code failed; the message says where."""

    title = "Report failed"


@dataclass(frozen=True)
class Span:
    """Which facts. `since`, `until` (exclusive) look at the fact's own time; `as_of`: what was recorded by then."""

    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | int | None = None


@dataclass(frozen=True)
class Outcome:
    """`position`: the last event seen. `unreadable`: events that could not be decoded, left out."""

    rows: list[tuple[Any, ...]]
    position: int
    events: int
    unreadable: int


def replay(
    database: Database,
    report: ReportFile,
    span: Span = Span(),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Outcome:
    """Reduce everything in the span. Raises ReportError where the report's own code fails."""
    keys = Keys(database)
    wanted = {name for name, kind in REGISTRY.items() if not report.facts or kind in report.facts or name in UPCASTERS}
    with database.transaction() as connection:
        last = store.last_position(connection)
    end = min(last, span.as_of) if isinstance(span.as_of, int) else last
    recorded_by = span.as_of if isinstance(span.as_of, datetime) else None
    state = _own(report.initial)
    position = events = unreadable = 0
    while position < end:
        with database.transaction() as connection:
            page = store.read_after(connection, position, _PAGE_EVENTS, until=end)
            chosen = [event for event in page if event.type in wanted and _by(event, recorded_by)]
            facts = keys.facts(connection, chosen)
        if not page:
            break
        for event, fact in zip(chosen, facts, strict=True):
            if isinstance(fact, DecodeError):
                unreadable += 1
                continue
            if _within(fact, event, span) and (not report.facts or isinstance(fact, report.facts)):
                events += 1
                try:
                    state = report.reduce(state, fact)
                except MemoryError:
                    raise
                except Exception as error:
                    raise _failure(f"reduce, at position {event.position} ({event.type})", error) from error
        position = page[-1].position
        progress(position, end)
    return Outcome(_own(report.table, state), position, events, unreadable)


def _by(event: Recorded, recorded_by: datetime | None) -> bool:
    return recorded_by is None or event.recorded_at <= recorded_by


def _within(fact: Fact, event: Recorded, span: Span) -> bool:
    if span.since is None and span.until is None:
        return True
    at = getattr(fact, "at", None) or getattr(fact, "received_at", None) or event.recorded_at
    return (span.since is None or at >= span.since) and (span.until is None or at < span.until)


def _own(work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except MemoryError:
        raise
    except Exception as error:
        raise _failure(getattr(work, "__name__", "report"), error) from error


def _failure(where: str, error: Exception) -> ReportError:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return ReportError(f"{where}: {type(error).__name__}: {error} (line {place.lineno} of {place.filename})")
