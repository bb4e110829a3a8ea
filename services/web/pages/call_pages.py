"""A call as its agent sees it: logging one, matching who calls, the call's own page, and what shows on every page."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import callbacks, callers, calls, incidents, work
from projections.calls import Call
from schemas.errors import InvalidError, NotFoundError
from schemas.ids import new_id
from schemas.interaction import Direction
from services.calls import requests
from services.web.api.shapes import POSITION_MAX
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.call_view import view, views
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

PROJECTIONS = ("calls", "incidents", "customers")
RINGS_FOR = timedelta(minutes=3)
"""A card goes away after that: the telephone system's last word may have been lost."""
NEW = "new"
_SUBJECT_MAX = 300

Position = Annotated[int, Query(ge=0, le=POSITION_MAX)]
Typed = Annotated[str, Query(max_length=64)]


def router(parts: Parts, screen: Screen) -> Router:
    """Everything below `/agent/calls` that is about one call."""
    routes = Router(include_in_schema=False)
    _logging(routes, parts, screen)
    _working(routes, parts, screen)
    return routes


def _logging(routes: Router, parts: Parts, screen: Screen) -> None:
    database = parts.hub.database

    async def form(fields: Mapping[str, str], shown: Mapping[str, object]) -> dict[str, object]:
        phone = fields.get("phone", "")
        return {
            "fields": {
                name: fields.get(name, "") for name in ("phone", "direction", "incident", "callback", "subject")
            },
            "found": await database.run(callers.by_phone, phone),
            "typed": bool(phone.strip()),
            "key": fields.get("idempotency_key") or str(new_id()),
            "problem": "",
            "errors": (),
            **shown,
        }

    @routes.get("/agent/calls/new")
    async def new(request: Request, phone: Typed = "", incident: Typed = "", direction: Typed = "") -> Response:
        asked = {"phone": one_line(phone), "incident": one_line(incident), "direction": direction}
        return screen.render(request, "agent/call_new.html", await form(asked, {}))

    @routes.get("/agent/calls/match")
    async def match(request: Request, phone: Typed = "") -> Response:
        shown = await form({"phone": one_line(phone)}, {})
        return screen.render(request, "agent/call_match.html", shown)

    @routes.post("/agent/calls")
    async def start(request: Request) -> Response:
        fields = await posted.fields(request)
        try:
            out = await parts.commands.run(
                _started(fields), by=caller(request).name, idempotency_key=fields.get("idempotency_key") or None
            )
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await form(fields, shown)
            return screen.render(request, "agent/call_new.html", context, status=status, headers=headers)
        return redirect(request, f"/agent/calls/{out.subject}", min_position=out.position)


def _working(routes: Router, parts: Parts, screen: Screen) -> None:
    database = parts.hub.database

    @routes.get("/agent/calls/mine")
    async def mine(request: Request, min_position: Position = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, *PROJECTIONS, "work")
        context = await database.run(_mine, caller(request).name)
        return screen.render(request, "agent/call_mine.html", context)

    async def page(call: UUID, shown: Mapping[str, object]) -> dict[str, object]:
        position = await parts.folded(*PROJECTIONS)
        found = await database.run(_one, call)
        return {**found, "position": position, "problem": "", "errors": (), **shown}

    @routes.get("/agent/calls/{call}")
    async def show(request: Request, call: UUID, part: str = "", min_position: Position = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, *PROJECTIONS)
        template = "agent/call_head.html" if part == "head" else "agent/call.html"
        return screen.render(request, template, await page(call, {}))

    @routes.post("/agent/calls/{call}")
    async def change(request: Request, call: UUID, part: str = "") -> Response:
        fields = await posted.fields(request)
        try:
            out = await parts.commands.run(_changed(call, fields), by=caller(request).name)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await page(call, shown)
            return screen.render(request, "agent/call.html", context, status=status, headers=headers)
        if part == "mine":
            return redirect(request, "/agent/calls/mine", min_position=out.position)
        done = {"end": "call_ended", "save": "saved", "part": "call_parted"}.get(fields.get("do", ""))
        return redirect(request, f"/agent/calls/{call}", min_position=out.position, done=done, undo=out.undo)


def _started(fields: Mapping[str, str]) -> requests.StartCall:
    try:
        direction = Direction(fields.get("direction", ""))
    except ValueError as error:
        raise InvalidError("in or out", field="direction") from error
    phone, callback = one_line(fields.get("phone", "")), fields.get("callback", "")
    chosen = fields.get("incident", "").strip()
    if not phone and not callback:
        raise InvalidError("a number, or anonymous", field="phone")
    return requests.StartCall(
        direction=direction,
        phone="" if callback else phone,
        incident=None if chosen == NEW else posted.number(chosen),
        fresh=chosen == NEW,
        subject=one_line(fields.get("subject", ""))[:_SUBJECT_MAX],
        callback=posted.uuid(callback, "callback") if callback else None,
        # who writes a call down that came in is talking; one that goes out rings first
        answered_at=datetime.now(UTC) if direction is Direction.IN else None,
    )


def _changed(call: UUID, fields: Mapping[str, str]) -> requests.ChangeCall:
    now = datetime.now(UTC)
    do = fields.get("do", "")
    outcome = one_line(fields.get("outcome_other", "")) or one_line(fields.get("outcome", ""))
    return requests.ChangeCall(
        call=call,
        answered_at=now if do == "answer" else None,
        held={"hold": True, "resume": False}.get(do),
        ended_at=now if do == "end" else None,
        notes=fields.get("notes"),
        outcome=outcome or None,
        incident=posted.number(fields.get("incident", "")),
        apart=do == "part",
    )


def _mine(connection: Connection, agent: str) -> dict[str, object]:
    found = calls.mine(connection, agent, ringing_since=datetime.now(UTC) - RINGS_FOR)
    ringing = [call for call in found if not call.agent]
    running = work.running(connection, agent)
    return {
        "own": views([call for call in found if call.agent]),
        "ringing": [(view(call), _open(connection, call)) for call in ringing],
        "running": running[0] if running else None,
    }


def _one(connection: Connection, call: UUID) -> dict[str, object]:
    found = calls.get(connection, call)
    if found is None:
        raise NotFoundError("no such call")
    return {
        "shown": view(found),
        "about": incidents.get(connection, found.number) if found.number else None,
        "incidents": [each for each in _open(connection, found) if each.number != found.number],
        "callback": callbacks.of_call(connection, call),
        "before": [each for each in calls.find(connection, address_of=call, limit=6).items if each.id != call],
    }


def _open(connection: Connection, call: Call) -> list[callers.OpenIncident]:
    return callers.open_of(connection, call.customer.id) if call.customer else []
