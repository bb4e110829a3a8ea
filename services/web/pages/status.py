"""`/status/{token}`: the one page a customer follows a request on, as HTML or JSON. Shows its thread, nothing else.

`/chat`: the same conversation, live.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from channels import http_body
from channels.form import FollowUp
from channels.text import clean
from eventstore.database import Connection
from projections import incidents, reading, timeline
from projections.page import LIMIT_MAX
from projections.timeline import Entry, Thread
from schemas.errors import NotFoundError
from schemas.ids import new_id
from services.web.api.shapes import json
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts

_ENTRIES_MAX = 2000


class ThreadStatus(msgspec.Struct, frozen=True):
    """What a status link tells. `state`: `received` until the message is part of an incident."""

    state: str
    number: int | None
    status: str | None
    timeline: list[Entry]


def router(parts: Parts, screen: Screen) -> APIRouter:
    """What a customer's link opens."""
    routes = APIRouter(include_in_schema=False)

    async def page(
        request: Request,
        token: str,
        fields: Mapping[str, str],
        shown: Mapping[str, object],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        told = await read(parts, token)
        context = {
            "token": token,
            "state": told.state,
            "number": told.number,
            "status": told.status,
            "items": told.timeline,
            "subject": next((entry.subject for entry in told.timeline if entry.subject), ""),
            "fields": {"body": fields.get("body", "")},
            "key": fields.get("idempotency_key") or str(new_id()),
            "problem": "",
            "errors": (),
        }
        return screen.render(request, "public/status.html", context | dict(shown), status=status, headers=headers)

    @routes.get("/status/{token}")
    async def show(
        request: Request, token: str, min_position: Annotated[int | None, Query(ge=0, le=2**62)] = None
    ) -> Response:
        if min_position is not None:
            await reading.wait_for(parts.hub.database, min_position, ("timeline", "incidents"))
        accepted = request.headers.get("accept", "")
        if "application/json" in accepted and "text/html" not in accepted:
            return json(await read(parts, token))
        return await page(request, token, {}, {})

    @routes.post("/status/{token}")
    async def add(request: Request, token: str) -> Response:
        parts.forms.admit(http_body.peer(request))
        fields = await posted.fields(request)
        try:
            follow_up = http_body.validate(FollowUp, {"body": fields.get("body", "")})
            await parts.forms.submit_follow_up(token, follow_up, key=fields.get("idempotency_key", ""))
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            return await page(request, token, fields, shown, status=status, headers=headers)
        return redirect(request, f"/status/{token}")

    @routes.get("/chat")
    async def chat(request: Request) -> Response:
        return screen.render(request, "public/chat.html", {})

    return routes


async def read(parts: Parts, token: str) -> ThreadStatus:
    """The thread of a link. Raises NotFoundError for one that isn't ours: all such look alike."""
    thread = parts.hub.tokens.verify(clean(token))
    if thread is None:
        raise NotFoundError("no such request")
    return await parts.hub.database.run(_read, thread)


def _read(connection: Connection, thread: UUID) -> ThreadStatus:
    found: list[Entry] = []
    cursor: str | None = None
    last: Thread | None = None
    while len(found) < _ENTRIES_MAX:
        last = timeline.of_thread(connection, thread, cursor=cursor, limit=LIMIT_MAX)
        found.extend(last.items)
        cursor = last.next_cursor
        if cursor is None:
            break
    number = last.number if last else None
    incident = incidents.get(connection, number) if number is not None else None
    linked = incident is not None
    return ThreadStatus("linked" if linked else "received", number, incident.status if incident else None, found)
