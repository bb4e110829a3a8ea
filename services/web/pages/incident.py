"""`/agent/incidents/{number}`: one timeline for all channels, and everything an agent can do to it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import incidents, timeline
from projections.incidents import IncidentDetail
from projections.page import LIMIT_MAX
from projections.timeline import Entry
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.incident import Priority
from schemas.ids import new_id
from services.access import users
from services.incidents import requests
from services.web.api.shapes import NUMBER_MAX, POSITION_MAX
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts

_ENTRIES_MAX = 1000
_ALL_MAX = 20_000
_PROJECTIONS = ("incidents", "timeline", "customers")

Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]


def router(parts: Parts, screen: Screen) -> APIRouter:
    """One incident."""
    routes = APIRouter(include_in_schema=False)
    database = parts.hub.database

    async def page(
        number: int, *, everything: bool, fields: Mapping[str, str], shown: Mapping[str, object]
    ) -> dict[str, object]:
        position = await parts.folded(*_PROJECTIONS)
        incident, items, older = await database.run(_read, number, _ALL_MAX if everything else _ENTRIES_MAX)
        return {
            "incident": incident,
            "items": items,
            "older": older and not everything,
            "people": await database.run(users.assignable),
            "fields": {"text": fields.get("text", "")},
            "key": fields.get("idempotency_key") or str(new_id()),
            "action": "",
            "position": position,
            "fresh": True,
            "problem": "",
            "errors": (),
            **shown,
        }

    @routes.get("/agent/incidents/{number}")
    async def show(
        request: Request,
        number: Number,
        part: str = "",
        everything: Annotated[str, Query(alias="all")] = "",
        min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    ) -> Response:
        fresh = await parts.wait_for(min_position, *_PROJECTIONS) if min_position else True
        context = await page(number, everything=bool(everything), fields={}, shown={"fresh": fresh})
        template = "agent/timeline.html" if part == "timeline" else "agent/incident.html"
        return screen.render(request, template, context)

    @routes.post("/agent/incidents/{number}/{action}")
    async def act(request: Request, number: Number, action: str) -> Response:
        make = ACTIONS.get(action)
        if make is None:
            raise NotFoundError("no such action")
        fields = await posted.fields(request)
        try:
            key = fields.get("idempotency_key") or None
            out = await parts.commands.run(make(number, fields), by=caller(request).name, idempotency_key=key)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            refused = {**shown, "action": action}
            context = await page(number, everything=False, fields=fields, shown=refused)
            return screen.render(request, "agent/incident.html", context, status=status, headers=headers)
        return redirect(request, f"/agent/incidents/{number}", min_position=out.position)

    return routes


def _reply(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Reply(incident=number, text=_text(fields), to=one_line(fields.get("to", "")))


def _note(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Note(incident=number, text=_text(fields))


def _assign(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Assign(incident=number, to=one_line(fields.get("to", "")) or None)


def _prioritize(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    try:
        return requests.Prioritize(incident=number, priority=Priority(fields.get("priority", "")))
    except ValueError as error:
        raise InvalidError("no such priority", field="priority") from error


def _tag(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    add, remove = (tuple(filter(None, [one_line(fields.get(name, ""))])) for name in ("add", "remove"))
    return requests.Tag(incident=number, add=add, remove=remove)


def _resolve(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Resolve(incident=number, solution=fields.get("solution", ""), cause=fields.get("cause", ""))


def _close(number: int, _: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Close(incident=number)


def _reopen(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Reopen(incident=number, reason=one_line(fields.get("reason", "")))


def _merge(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Merge(incident=number, sources=(_other(fields),))


def _unmerge(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Unmerge(incident=number, source=_other(fields))


ACTIONS: Mapping[str, Callable[[int, Mapping[str, str]], requests.IncidentRequest]] = {
    "reply": _reply,
    "note": _note,
    "assign": _assign,
    "priority": _prioritize,
    "tags": _tag,
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
    "merge": _merge,
    "unmerge": _unmerge,
}
"""What the page's forms ask for, by the last part of their address."""


def _text(fields: Mapping[str, str]) -> str:
    text = fields.get("text", "")
    if not text.strip():
        raise InvalidError("say something", field="text")
    if len(text) > 50_000:  # noqa: PLR2004 -- as the form says
        raise InvalidError("at most 50,000 characters", field="text")
    return text


def _other(fields: Mapping[str, str]) -> int:
    found = posted.number(fields.get("from", ""))
    if found is None:
        raise InvalidError("which incident?", field="from")
    return found


def _read(connection: Connection, number: int, most: int) -> tuple[IncidentDetail, list[Entry], bool]:
    incident = incidents.get(connection, number)
    if incident is None:
        raise NotFoundError(f"no incident {number}")
    found: list[Entry] = []
    cursor: str | None = None
    while len(found) < most:
        page = timeline.of_incident(connection, number, cursor=cursor, limit=LIMIT_MAX)
        if page is None:  # the timeline is behind the list
            break
        found.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    return incident, found, cursor is not None
