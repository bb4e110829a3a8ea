"""Calls over the API: what rings and who talks, and what an agent writes down of it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from channels.moment import Happened, Moment
from projections import calls
from projections.calls import Call
from projections.page import Page
from schemas.errors import InvalidError, NotFoundError
from schemas.interaction import Direction
from services.calls import requests
from services.web.api.doing import done
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    NUMBER_MAX,
    Body,
    Caller,
    Cursor,
    Key,
    Limit,
    Line,
    MaybeLine,
    Notes,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router

_Number = Annotated[int, Field(ge=1, le=NUMBER_MAX)]


class CallIn(Body):
    """A call begins. `phone`: as written, or `anonymous`; not needed with `callback`, the wish it answers.

    `new_incident`: it is about nothing there is yet; `subject`: what it is about.
    """

    direction: Direction
    phone: Line | None = None
    call_id: MaybeLine | None = None
    incident: _Number | None = None
    new_incident: bool = False
    subject: MaybeLine = ""
    callback: UUID | None = None
    started_at: Happened | None = None
    answered_at: Happened | None = None


class CallChangeIn(Body):
    """What happened to it; what isn't named stays. `apart`: logged and reported, it is two calls after all."""

    answered_at: Happened | None = None
    held: bool | None = None
    ended_at: Happened | None = None
    notes: Notes | None = None
    outcome: MaybeLine | None = None
    incident: _Number | None = None
    apart: bool = False


def router(parts: Parts) -> Router:
    """`/api/v1/calls`."""
    routes = Router(prefix="/api/v1/calls", tags=["calls"])
    database = parts.hub.database
    waits = fresh(database, "calls", "incidents")

    @routes.get("", responses=answers(Page[Call]), dependencies=[waits])
    async def list_calls(
        state: Annotated[Literal["ringing", "active", "held", "ended"] | None, Query()] = None,
        agent: Annotated[str | None, Query(max_length=100)] = None,
        number: Annotated[str | None, Query(max_length=64, description="Digits in a row of the number")] = None,
        since: Annotated[Moment | None, Query()] = None,
        until: Annotated[Moment | None, Query(description="Exclusive")] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Calls, newest first."""
        found = await database.run(
            calls.find,
            state=state,
            agent=agent,
            number=number,
            since=since,
            until=until,
            cursor=cursor,
            limit=limit,
        )
        return json(found)

    @routes.get("/{call}", responses=answers(Call), dependencies=[waits])
    async def get_call(call: UUID) -> Response:
        """One call."""
        found = await database.run(calls.get, call)
        if found is None:
            raise NotFoundError("no such call")
        return json(found)

    @routes.post("", status_code=201, responses=answers(Call, 201))
    async def start_call(body: CallIn, who: Caller, key: Key) -> Response:
        """Write down that a call began."""
        if body.phone is None and body.callback is None:
            raise InvalidError("a number, or anonymous", field="phone")
        request = requests.StartCall(
            direction=body.direction,
            phone=body.phone or "",
            external_id=body.call_id or "",
            incident=body.incident,
            fresh=body.new_incident,
            subject=body.subject,
            callback=body.callback,
            started_at=body.started_at,
            answered_at=body.answered_at,
        )
        return await run(parts, request, who, key, 201)

    @routes.patch("/{call}", responses=answers(Call))
    async def change_call(call: UUID, body: CallChangeIn, who: Caller, key: Key) -> Response:
        """Answered, put on hold, resumed, ended, noted, attached."""
        request = requests.ChangeCall(
            call=call,
            answered_at=body.answered_at,
            held=body.held,
            ended_at=body.ended_at,
            notes=body.notes,
            outcome=body.outcome,
            incident=body.incident,
            apart=body.apart,
        )
        return await run(parts, request, who, key)

    return routes


async def run(parts: Parts, request: requests.CallRequest, who: Caller, key: str | None, status: int = 200) -> Response:
    """Run and answer with the call as it reads then."""
    return await done(parts, request, who.name, key, calls.get, "calls", "incidents", status=status)
