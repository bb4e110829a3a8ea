"""Reports over the API: which there are, and one over a period."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol

import msgspec
from fastapi import Query
from starlette.responses import Response

from eventstore.database import Connection
from projections import channel_report, knowledge_usage
from projections.page import Page
from projections.report import Report, zone_of
from schemas.errors import InvalidError, NotFoundError
from services.web.api.shapes import answers, fresh, json
from services.web.parts import Parts
from services.web.routing import Router

PERIOD = timedelta(days=30)
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_YEARS_MAX = timedelta(days=3660)
_DAY = timedelta(days=1)


class Read(Protocol):
    """How a report is read."""

    def __call__(
        self, connection: Connection, *, since: datetime, until: datetime, by: Sequence[str], tz: str
    ) -> Report:
        """The table of a period, `until` exclusive."""
        ...


@dataclass(frozen=True)
class Kind:
    """A report that is a read model. `by`: what it may be split by, all of it by default."""

    read: Read
    by: tuple[str, ...]


REPORTS: Mapping[str, Kind] = {
    "channel_report": Kind(channel_report.read, ("day", "channel")),
    "knowledge_usage": Kind(knowledge_usage.read, ("day", "article")),
}


class ReportName(msgspec.Struct, frozen=True):
    """A report there is."""

    name: str
    by: list[str]
    url: str


def period(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The asked period in UTC, or the last thirty days with today; a time without a zone is of the zone of `now`.

    Raises InvalidError.
    """
    try:
        end = _utc(until, now) if until else _utc(now.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY, now)
        begin = _utc(since, now) if since else _utc(end.astimezone(now.tzinfo) - PERIOD, now)
    except OverflowError as error:
        raise InvalidError("no such time", field="since") from error
    if begin.year < _FIRST_YEAR or end.year > _LAST_YEAR:  # so that every zone has it, and what was before it
        raise InvalidError("no such time", field="since")
    if begin >= end:
        raise InvalidError("since must be before until", field="since")
    if end - begin > _YEARS_MAX:
        raise InvalidError("at most ten years", field="since")
    return begin, end


def _utc(moment: datetime, now: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).astimezone(UTC)


def kind_of(name: str) -> Kind:
    """Raises NotFoundError."""
    found = REPORTS.get(name)
    if found is None:
        raise NotFoundError(f"no report {name[:100]}")
    return found


def dimensions(by: str | None, kind: Kind) -> tuple[str, ...]:
    """What to split by, as written: `day,channel`."""
    return kind.by if by is None else tuple(part.strip() for part in by.split(",") if part.strip())


def router(parts: Parts) -> Router:
    """`/api/v1/reports`."""
    routes = Router(prefix="/api/v1/reports", tags=["reports"])
    database = parts.hub.database
    waits = fresh(database, *REPORTS)

    @routes.get("", responses=answers(Page[ReportName]))
    async def list_reports() -> Response:
        """The reports there are."""
        return json(
            Page([ReportName(name, list(kind.by), f"/api/v1/reports/{name}") for name, kind in REPORTS.items()])
        )

    @routes.get("/{name}", responses=answers(Report), dependencies=[waits])
    async def get_report(
        name: str,
        since: Annotated[datetime | None, Query(description="A day, or a time; without a zone, one of `tz`")] = None,
        until: Annotated[datetime | None, Query(description="Exclusive")] = None,
        by: Annotated[str | None, Query(max_length=100, description="`day,channel`")] = None,
        tz: Annotated[str, Query(max_length=64, description="Whose days: a name of the IANA database")] = "UTC",
    ) -> Response:
        """One report over a period; without one, the last thirty days."""
        kind = kind_of(name)
        begin, end = period(since, until, datetime.now(zone_of(tz)))
        return json(await database.run(kind.read, since=begin, until=end, by=dimensions(by, kind), tz=tz))

    return routes
