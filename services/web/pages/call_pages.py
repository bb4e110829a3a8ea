"""`/agent/calls`: what rings and who talks, and the form to write a call down."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from channels.text import one_line
from projections import calls
from schemas.errors import InvalidError
from schemas.ids import new_id
from schemas.interaction import Direction
from services.calls import requests
from services.web.api.shapes import POSITION_MAX
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts


def router(parts: Parts, screen: Screen) -> APIRouter:
    """Call tracking."""
    routes = APIRouter(include_in_schema=False)
    database = parts.hub.database

    async def page(fields: Mapping[str, str], shown: Mapping[str, object]) -> dict[str, object]:
        position = await parts.folded("calls", "incidents")
        found = await database.run(calls.find, limit=50)
        going_on = [call for call in found.items if call.state != "ended"]
        return {
            "items": going_on + [call for call in found.items if call.state == "ended"],
            "fields": {name: fields.get(name, "") for name in ("phone", "incident")},
            "key": fields.get("idempotency_key") or str(new_id()),
            "position": position,
            "problem": "",
            "errors": (),
            **shown,
        }

    @routes.get("/agent/calls")
    async def show(
        request: Request, part: str = "", min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, "calls", "incidents")
        template = "agent/calls_rows.html" if part == "rows" else "agent/calls.html"
        return screen.render(request, template, await page({}, {}))

    async def run(request: Request, make: requests.CallRequest, key: str | None) -> Response:
        out = await parts.commands.run(make, by=caller(request).name, idempotency_key=key)
        return redirect(request, "/agent/calls", min_position=out.position)

    async def attempt(request: Request, make: Callable[[Mapping[str, str]], requests.CallRequest]) -> Response:
        fields = await posted.fields(request)
        try:
            return await run(request, make(fields), fields.get("idempotency_key") or None)
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await page(fields, shown)
            return screen.render(request, "agent/calls.html", context, status=status, headers=headers)

    @routes.post("/agent/calls")
    async def log_call(request: Request) -> Response:
        return await attempt(request, _started)

    @routes.post("/agent/calls/{call}")
    async def change(request: Request, call: UUID) -> Response:
        return await attempt(request, lambda fields: _changed(call, fields))

    return routes


def _started(fields: Mapping[str, str]) -> requests.StartCall:
    try:
        direction = Direction(fields.get("direction", ""))
    except ValueError as error:
        raise InvalidError("in or out", field="direction") from error
    phone = one_line(fields.get("phone", ""))
    return requests.StartCall(direction=direction, phone=phone, incident=posted.number(fields.get("incident", "")))


def _changed(call: UUID, fields: Mapping[str, str]) -> requests.ChangeCall:
    now = datetime.now(UTC)
    do = fields.get("do", "")
    return requests.ChangeCall(
        call=call,
        answered_at=now if do == "answer" else None,
        ended_at=now if do == "end" else None,
        notes=fields.get("notes"),
        outcome=one_line(fields["outcome"]) if fields.get("outcome") else None,
        incident=posted.number(fields.get("incident", "")),
    )
