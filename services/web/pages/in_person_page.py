"""`/agent/in-person`: somebody stands at the counter. Who it is shows while one types; then it is an incident's."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels import http_body, in_person
from channels.text import one_line
from eventstore.database import Connection
from projections import callers, incidents
from schemas.ids import new_id
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.call_pages import NEW
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_FIELDS = ("name", "email", "phone", "subject", "body", "incident")
_FIND_SECONDS = 2.0
_POLL_SECONDS = 0.05

Typed = Annotated[str, Query(max_length=320)]


def router(parts: Parts, screen: Screen) -> Router:
    """The entry of visits."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    async def form(fields: Mapping[str, str], shown: Mapping[str, object]) -> dict[str, object]:
        who = {name: fields.get(name, "") for name in ("name", "email", "phone")}
        return {
            "fields": {name: fields.get(name, "") for name in _FIELDS},
            "found": await database.run(_found, who),
            "typed": any(who.values()),
            "key": fields.get("idempotency_key") or str(new_id()),
            "problem": "",
            "errors": (),
            **shown,
        }

    @routes.get("/agent/in-person")
    async def show(request: Request) -> Response:
        return screen.render(request, "agent/in_person.html", await form({}, {}))

    @routes.get("/agent/in-person/match")
    async def match(request: Request, name: Typed = "", email: Typed = "", phone: Typed = "") -> Response:
        typed = {"name": one_line(name), "email": one_line(email), "phone": one_line(phone)}
        return screen.render(request, "agent/call_match.html", await form(typed, {}))

    @routes.post("/agent/in-person")
    async def enter(request: Request) -> Response:
        fields = await posted.fields(request)
        given: dict[str, object] = {
            name: value
            for name in ("name", "email", "phone", "subject", "body")
            if (value := fields.get(name, "").strip()) or name in {"name", "subject", "body"}
        }
        try:
            chosen = fields.get("incident", "").strip()
            number = None if chosen == NEW else posted.number(chosen)
            visit = http_body.validate(in_person.Visit, given | ({"incident": number} if number else {}))
            receipt = await parts.in_person.submit(
                visit,
                by=caller(request).name,
                key=fields.get("idempotency_key", ""),
                digest=visit.model_dump_json().encode(),
            )
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            context = await form(fields, shown)
            return screen.render(request, "agent/in_person.html", context, status=status, headers=headers)
        found = await _incident_of(parts, receipt.interaction_id)
        return redirect(request, "/agent" if found is None else f"/agent/incidents/{found}", done="saved")

    return routes


async def _incident_of(parts: Parts, interaction: UUID) -> int | None:
    """Where it ended up; None while it isn't recorded yet: it is on the log, and will be."""
    end = time.monotonic() + _FIND_SECONDS
    while time.monotonic() < end:
        found = await parts.hub.database.run(_number_of, interaction)
        if found is not None:
            return found
        await asyncio.sleep(_POLL_SECONDS)
    return None


def _number_of(connection: Connection, interaction: UUID) -> int | None:
    incident = incidents.places(connection, [interaction]).get(interaction)
    return None if incident is None else incidents.number_of(connection, incident)


def _found(connection: Connection, who: Mapping[str, str]) -> list[callers.Caller]:
    return callers.by_any(connection, name=who["name"], email=who["email"], phone=who["phone"])
