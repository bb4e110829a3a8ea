"""Sorting work over the API: snooze and wake, one command for many incidents, what each view of the inbox holds."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import Field
from starlette.responses import Response

from channels.moment import Moment
from projections import incidents
from projections.incidents import View
from schemas.errors import InvalidError
from schemas.facts.incident import Priority
from services.bulk import AT_ONCE, Bulk
from services.desk import Refusal
from services.incidents import requests
from services.incidents.requests import IncidentRequest
from services.web.api.incidents import Done, NothingIn, OneNumber, run_and_show
from services.web.api.shapes import Body, Caller, Key, Line, MaybeLine, Notes, Number, answers, fresh, json
from services.web.parts import Parts
from services.web.routing import Router

_TAGS_MAX = 50


class SnoozeIn(Body):
    """Until when; null: until the customer answers."""

    until: Moment | None


class BulkIn(Body):
    """One action for many; the fields are those it has for one: `to` and `team`, `priority`, `until`, and so on."""

    incidents: Annotated[tuple[OneNumber, ...], Field(min_length=1, max_length=AT_ONCE)]
    action: str
    to: Line | None = None
    team: Line | None = None
    priority: Priority | None = None
    add: Annotated[tuple[Line, ...], Field(max_length=_TAGS_MAX)] = ()
    remove: Annotated[tuple[Line, ...], Field(max_length=_TAGS_MAX)] = ()
    until: Moment | None = None
    solution: Notes = ""
    cause: Notes = ""
    reason: MaybeLine = ""

    def told(self, name: str) -> bool:
        """Was it said, be it null?"""
        return name in self.model_fields_set


class BulkChanged(msgspec.Struct, frozen=True):
    """How many incidents are different now, and which stayed as they were, and why."""

    position: int
    changed: int
    refused: Sequence[Refusal]


class ViewCounts(msgspec.Struct, frozen=True):
    """How many are in each view of the caller's inbox, counted up to 1000."""

    mine: int
    unassigned: int
    waiting: int
    breaching: int
    snoozed: int
    all: int


def _assign(number: int, asked: BulkIn) -> IncidentRequest:
    to: str | UnsetType | None = asked.to if asked.told("to") else UNSET
    team: str | UnsetType | None = asked.team if asked.told("team") else UNSET
    return requests.Assign(incident=number, to=to, team=team)


def _prioritize(number: int, asked: BulkIn) -> IncidentRequest:
    if asked.priority is None:
        raise InvalidError("which priority?", field="priority")
    return requests.Prioritize(incident=number, priority=asked.priority)


def _tag(number: int, asked: BulkIn) -> IncidentRequest:
    return requests.Tag(incident=number, add=asked.add, remove=asked.remove)


def _snooze(number: int, asked: BulkIn) -> IncidentRequest:
    return requests.Snooze(incident=number, until=asked.until)


def _wake(number: int, _: BulkIn) -> IncidentRequest:
    return requests.Wake(incident=number)


def _resolve(number: int, asked: BulkIn) -> IncidentRequest:
    return requests.Resolve(incident=number, solution=asked.solution, cause=asked.cause)


def _close(number: int, _: BulkIn) -> IncidentRequest:
    return requests.Close(incident=number)


def _reopen(number: int, asked: BulkIn) -> IncidentRequest:
    return requests.Reopen(incident=number, reason=asked.reason)


ACTIONS: Mapping[str, Callable[[int, BulkIn], IncidentRequest]] = {
    "assign": _assign,
    "priority": _prioritize,
    "tags": _tag,
    "snooze": _snooze,
    "wake": _wake,
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
}
MERGE = "merge"


def bulk_of(asked: BulkIn) -> Bulk:
    """The command. `merge`: all into the one with the lowest number. Raises InvalidError."""
    numbers = tuple(dict.fromkeys(asked.incidents))
    if asked.action == MERGE:
        target, *sources = sorted(numbers)
        if not sources:
            raise InvalidError("at least two incidents", field="incidents")
        return Bulk(requests=tuple(requests.Merge(incident=target, sources=(source,)) for source in sources))
    make = ACTIONS.get(asked.action)
    if make is None:
        raise InvalidError(f"one of {', '.join([*ACTIONS, MERGE])}", field="action")
    return Bulk(requests=tuple(make(number, asked) for number in numbers))


def router(parts: Parts) -> Router:
    """Beside services/web/api/incidents.py."""
    routes = Router(prefix="/api/v1", tags=["incidents"])

    @routes.post("/incidents/{number}/snooze", responses=answers(Done))
    async def snooze(number: Number, body: SnoozeIn, who: Caller, key: Key) -> Response:
        """Out of sight until then, or until the customer answers, whichever is sooner."""
        until: datetime | None = body.until
        return await run_and_show(parts, requests.Snooze(incident=number, until=until), who, key)

    @routes.post("/incidents/{number}/wake", responses=answers(Done))
    async def wake(number: Number, who: Caller, key: Key, body: NothingIn | None = None) -> Response:  # noqa: ARG001 -- the body may only be empty
        """In sight again."""
        return await run_and_show(parts, requests.Wake(incident=number), who, key)

    @routes.post("/incidents/bulk", responses=answers(BulkChanged))
    async def bulk(body: BulkIn, who: Caller, key: Key) -> Response:
        """One action for many incidents; each that can't is named, the others change. One undo for all."""
        out = await parts.commands.run(bulk_of(body), by=who.name, idempotency_key=key)
        await parts.wait_for(out.position, "incidents", "customers")
        return json(BulkChanged(out.position, out.changed, out.refused), position=out.position, undo=out.undo)

    @routes.get("/views", responses=answers(ViewCounts), dependencies=[fresh(parts.hub.database, "incidents")])
    async def views(who: Caller) -> Response:
        """What is in the caller's inbox; `view=` of `GET /api/v1/incidents` lists it."""
        found = await parts.hub.database.run(incidents.counts, who.name)
        return json(ViewCounts(**{view.value: found[view] for view in View}))

    return routes
