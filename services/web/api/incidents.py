"""Incidents over the API: the list, one, its timeline, and everything an agent does to it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query
from msgspec import UNSET
from pydantic import Field
from starlette.responses import Response

from projections import incidents, timeline
from projections.incidents import Incident, IncidentDetail, View
from projections.page import Page
from projections.timeline import Entry
from schemas.errors import NotFoundError
from schemas.facts.incident import Priority, Status
from schemas.interaction import Channel
from services.incidents import requests
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    Line,
    MaybeLine,
    Notes,
    Number,
    SearchWords,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router

_INTERACTIONS_MAX = 200
_TAGS_MAX = 50

OneNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Done(msgspec.Struct, frozen=True):
    """A command's effect; `incident` as it reads now, None only while the projections lag more than 2 s."""

    position: int
    incident: Incident | None


class AssignIn(Body):
    """To a user, to a team, or (null) to nobody; what isn't said stays."""

    to: Line | None = None
    team: Line | None = None


class PriorityIn(Body):
    """How soon."""

    priority: Priority


class TagsIn(Body):
    """On and off."""

    add: Annotated[tuple[Line, ...], Field(max_length=_TAGS_MAX)] = ()
    remove: Annotated[tuple[Line, ...], Field(max_length=_TAGS_MAX)] = ()


class ResolveIn(Body):
    """How it was solved, and why it had happened."""

    solution: Notes = ""
    cause: Notes = ""


class ReopenIn(Body):
    """Why."""

    reason: MaybeLine = ""


class NothingIn(Body):
    """An empty object, or no body."""


class MergeIn(Body):
    """The incidents that become part of this one."""

    from_: Annotated[tuple[OneNumber, ...], Field(alias="from", min_length=1, max_length=50)]


class UnmergeIn(Body):
    """The incident that stands alone again."""

    from_: Annotated[OneNumber, Field(alias="from")]


class SplitIn(Body):
    """The interactions that become an incident of their own."""

    interactions: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=_INTERACTIONS_MAX)]
    subject: Line


class MoveIn(Body):
    """One interaction, and the incident it belongs to."""

    interaction: UUID
    to: OneNumber


def router(parts: Parts) -> Router:
    """`/api/v1/incidents`."""
    routes = Router(prefix="/api/v1/incidents", tags=["incidents"])
    _reading(routes, parts)
    _working(routes, parts)
    _regrouping(routes, parts)
    return routes


def _reading(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "incidents", "timeline", "customers", "organizations")

    @routes.get("", responses=answers(Page[Incident]), dependencies=[waits])
    async def list_incidents(
        who: Caller,
        status: Annotated[Status | None, Query()] = None,
        channel: Annotated[Channel | None, Query()] = None,
        customer: Annotated[UUID | None, Query()] = None,
        organization: Annotated[UUID | None, Query(description="Of everybody who belongs to it")] = None,
        assignee: Annotated[str | None, Query(max_length=100, description="A login name; empty: nobody's")] = None,
        view: Annotated[View | None, Query(description="A view of the caller's inbox")] = None,
        priority: Annotated[Priority | None, Query()] = None,
        team: Annotated[str | None, Query(max_length=100, description="A team's name; empty: no team's")] = None,
        tag: Annotated[str | None, Query(max_length=60)] = None,
        q: SearchWords = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Incidents, the last changed first; those whose clock runs out, in the order in which it does."""
        found = await database.run(
            incidents.find,
            status=status,
            channel=channel,
            customer=customer,
            organization=organization,
            assignee=assignee,
            view=view,
            user=who.name,
            priority=priority,
            team=team,
            tag=tag,
            q=q,
            cursor=cursor,
            limit=limit,
        )
        return json(found)

    @routes.get("/{number}", responses=answers(IncidentDetail), dependencies=[waits])
    async def get_incident(number: Number) -> Response:
        """One incident, with its participants and what it resembles."""
        return json(await one(parts, number))

    @routes.get("/{number}/timeline", responses=answers(Page[Entry]), dependencies=[waits])
    async def get_timeline(number: Number, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Response:
        """Everything that happened, oldest first, with what was merged into it."""
        found = await database.run(timeline.of_incident, number, cursor=cursor, limit=limit)
        if found is None:
            raise _missing(number)
        return json(found)


def _working(routes: Router, parts: Parts) -> None:
    @routes.post("/{number}/assign", responses=answers(Done))
    async def assign(number: Number, body: AssignIn, who: Caller, key: Key) -> Response:
        """Give it to a user, to a team, or to nobody."""
        said = body.model_fields_set
        to, team = body.to if "to" in said else UNSET, body.team if "team" in said else UNSET
        return await run_and_show(parts, requests.Assign(incident=number, to=to, team=team), who, key)

    @routes.post("/{number}/priority", responses=answers(Done))
    async def prioritize(number: Number, body: PriorityIn, who: Caller, key: Key) -> Response:
        """Say how soon."""
        return await run_and_show(parts, requests.Prioritize(incident=number, priority=body.priority), who, key)

    @routes.post("/{number}/tags", responses=answers(Done))
    async def tag(number: Number, body: TagsIn, who: Caller, key: Key) -> Response:
        """Put tags on and take them off."""
        return await run_and_show(parts, requests.Tag(incident=number, add=body.add, remove=body.remove), who, key)

    @routes.post("/{number}/resolve", responses=answers(Done))
    async def resolve(number: Number, who: Caller, key: Key, body: ResolveIn | None = None) -> Response:
        """It is solved."""
        said = body or ResolveIn()
        request = requests.Resolve(incident=number, solution=said.solution, cause=said.cause)
        return await run_and_show(parts, request, who, key)

    @routes.post("/{number}/close", responses=answers(Done))
    async def close(number: Number, who: Caller, key: Key, body: NothingIn | None = None) -> Response:  # noqa: ARG001 -- the body may only be empty
        """Done with it."""
        return await run_and_show(parts, requests.Close(incident=number), who, key)

    @routes.post("/{number}/reopen", responses=answers(Done))
    async def reopen(number: Number, who: Caller, key: Key, body: ReopenIn | None = None) -> Response:
        """Not done after all."""
        request = requests.Reopen(incident=number, reason=body.reason if body else "")
        return await run_and_show(parts, request, who, key)


def _regrouping(routes: Router, parts: Parts) -> None:
    @routes.post("/{number}/merge", responses=answers(Done))
    async def merge(number: Number, body: MergeIn, who: Caller, key: Key) -> Response:
        """The others become part of this one; they can be taken out again."""
        return await run_and_show(parts, requests.Merge(incident=number, sources=body.from_), who, key)

    @routes.post("/{number}/unmerge", responses=answers(Done))
    async def unmerge(number: Number, body: UnmergeIn, who: Caller, key: Key) -> Response:
        """One stands alone again."""
        return await run_and_show(parts, requests.Unmerge(incident=number, source=body.from_), who, key)

    @routes.post("/{number}/split", status_code=201, responses=answers(Done, 201))
    async def split(number: Number, body: SplitIn, who: Caller, key: Key) -> Response:
        """Make a new incident of some interactions; answers with the new one."""
        request = requests.Split(incident=number, interactions=body.interactions, subject=body.subject)
        return await run_and_show(parts, request, who, key, status=201)

    @routes.post("/{number}/move", responses=answers(Done))
    async def move(number: Number, body: MoveIn, who: Caller, key: Key) -> Response:
        """Put one interaction into another incident."""
        request = requests.Move(incident=number, interaction=body.interaction, to=body.to)
        return await run_and_show(parts, request, who, key)


async def run_and_show(
    parts: Parts, request: requests.IncidentRequest, who: Caller, key: str | None, *, status: int = 200
) -> Response:
    """Run a command and answer with the incident as it reads then."""
    out = await parts.commands.run(request, by=who.name, idempotency_key=key)
    await parts.wait_for(out.position, "incidents", "customers")
    number = out.number or request.incident
    shown = await parts.hub.database.run(incidents.get, number)
    incident = None if shown is None else _listed(shown)
    return json(Done(out.position, incident), status, position=out.position, undo=out.undo)


async def one(parts: Parts, number: int) -> IncidentDetail:
    """The incident. Raises NotFoundError."""
    found = await parts.hub.database.run(incidents.get, number)
    if found is None:
        raise _missing(number)
    return found


def _listed(shown: IncidentDetail) -> Incident:
    fields: Sequence[str] = Incident.__struct_fields__
    return Incident(**{field: getattr(shown, field) for field in fields})


def _missing(number: int) -> NotFoundError:
    return NotFoundError(f"no incident {number}")
