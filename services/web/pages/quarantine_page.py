"""`/agent/quarantine`: what could not be handled or is not trusted: listed, read safely, decided about."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from services import held, mail_jobs, quarantine, quarantine_many
from services.quarantine import Asked
from services.quarantine_preview import preview
from services.web.api.quarantine import decisions_about
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_PICKED = "pick-"
_HERE = "/agent/quarantine"
_FILTERS = ("reason", "channel", "sender", "discarded")


def router(parts: Parts, screen: Screen) -> Router:
    """The list, one of them, and the decisions."""
    routes = Router(include_in_schema=False)
    _looking(routes, parts, screen)
    _deciding(routes, parts, screen)
    return routes


def _looking(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/agent/quarantine")
    async def show(request: Request, cursor: Annotated[str, Query(max_length=500)] = "") -> Response:
        return await _list(request, parts, screen, cursor=cursor)

    @routes.get("/agent/quarantine/{item}")
    async def one(request: Request, item: UUID) -> Response:
        return await _one(request, parts, screen, item)


async def _list(
    request: Request, parts: Parts, screen: Screen, *, cursor: str = "", error: Exception | None = None
) -> Response:
    filters = _filters(request.query_params)

    def read(connection: Connection) -> dict[str, object]:
        found = quarantine.find(connection, _asked(filters), cursor=cursor or None)
        return {
            "items": found.items,
            "next_cursor": found.next_cursor,
            "counts": held.counts(connection),
            "job": mail_jobs.newest(connection, mail_jobs.REPROCESS),
        }

    status, headers, shown = posted.outcome(error)
    query = urlencode({name: value for name, value in filters.items() if value})
    context = {**await parts.hub.database.run(read), "asked": filters, "kept": query, **_undo(request), **shown}
    return screen.render(request, "agent/quarantine.html", context, status=status, headers=headers)


async def _one(
    request: Request, parts: Parts, screen: Screen, item: UUID, *, error: Exception | None = None
) -> Response:
    hub = parts.hub
    stored = await hub.database.run(held.get, item)
    status, headers, shown = posted.outcome(error)
    context = {
        "item": stored.held,
        "stored": stored,
        "shown": await preview(stored, hub.blobs, parts.previews),
        "decisions": await hub.database.run(decisions_about, item),
        **_undo(request),
        **shown,
    }
    return screen.render(request, "agent/held.html", context, status=status, headers=headers)


def _deciding(routes: Router, parts: Parts, screen: Screen) -> None:
    hub = parts.hub

    @routes.post("/agent/quarantine")
    async def many(request: Request) -> Response:
        fields = await posted.fields(request)
        do = fields.get("do", "")
        chosen = [posted.uuid(name[len(_PICKED) :], "items") for name in fields if name.startswith(_PICKED)]
        try:
            out = await quarantine_many.act_on_many(
                hub.access, hub.log, do, chosen, by=caller(request).name, reason=one_line(fields.get("reason", ""))
            )
        except posted.REFUSALS as error:
            return await _list(request, parts, screen, error=error)
        left = len(out.refused) or None
        return redirect(request, _HERE, **_filters(fields), done=f"held_{do}" if out.changed else None, refused=left)

    @routes.post("/agent/quarantine/all")
    async def try_all(request: Request) -> Response:
        fields = await posted.fields(request)
        filters = _filters(fields)
        try:
            await quarantine_many.reprocess_all(
                hub.access, hub.log, parts.mail_jobs, _asked(filters), by=caller(request).name
            )
        except posted.REFUSALS as error:
            return await _list(request, parts, screen, error=error)
        return redirect(request, _HERE, **filters)

    @routes.post("/agent/quarantine/{item}/{action}")
    async def act(
        request: Request, item: UUID, action: Literal["reprocess", "release", "discard", "restore"]
    ) -> Response:
        fields = await posted.fields(request)
        by, reason = caller(request).name, one_line(fields.get("reason", ""))
        try:
            await quarantine_many.act(hub.access, hub.log, action, item, by=by, reason=reason)
        except posted.REFUSALS as error:
            return await _one(request, parts, screen, item, error=error)
        return redirect(request, _HERE, done=f"held_{action}", item=item if action == "discard" else None)


def _filters(given: Mapping[str, str]) -> dict[str, str | None]:
    """Those that mean something; None leaves one out of an address."""
    return {name: one_line(given.get(name, ""))[:300] or None for name in _FILTERS}


def _asked(filters: Mapping[str, str | None]) -> Asked:
    return Asked(
        reason=filters["reason"] or "",
        channel=filters["channel"] or "",
        sender=filters["sender"] or "",
        discarded=bool(filters["discarded"]),
    )


def _undo(request: Request) -> dict[str, str]:
    asked = request.query_params
    item = asked.get("item", "")
    return {"undo_at": f"{_HERE}/{posted.uuid(item, 'item')}/restore"} if item else {}
