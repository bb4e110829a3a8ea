"""Call-me-back over the API: what is due, and what an agent does about it. Customers ask at channels/callback.py."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from channels.moment import Moment
from projections import callbacks
from projections.callbacks import Callback
from projections.page import Page
from schemas.errors import NotFoundError
from services.callbacks import requests
from services.web.api.doing import done
from services.web.api.shapes import LIMIT_DEFAULT, Body, Caller, Cursor, Key, Limit, MaybeLine, answers, fresh, json
from services.web.parts import Parts
from services.web.routing import Router


class WindowIn(Body):
    """When instead."""

    since: Moment
    until: Moment


class DoneIn(Body):
    """By which call, where it is one of ours."""

    call: UUID | None = None


class CancelIn(Body):
    """Why, if anybody wants to know."""

    reason: MaybeLine = ""


def router(parts: Parts) -> Router:
    """`/api/v1/callbacks`."""
    routes = Router(prefix="/api/v1/callbacks", tags=["callbacks"])
    _reading(routes, parts)
    _working(routes, parts)
    return routes


def _reading(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "callbacks", "incidents")

    @routes.get("", responses=answers(Page[Callback]), dependencies=[waits])
    async def list_callbacks(
        state: Annotated[Literal["open", "taken", "done", "cancelled"] | None, Query()] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Call-me-backs, newest first."""
        return json(await database.run(callbacks.find, state=state, cursor=cursor, limit=limit))

    @routes.get("/{callback}", responses=answers(Callback), dependencies=[waits])
    async def get_callback(callback: UUID) -> Response:
        """One call-me-back."""
        found = await database.run(callbacks.get, callback)
        if found is None:
            raise NotFoundError("no such call-me-back")
        return json(found)


def _working(routes: Router, parts: Parts) -> None:
    @routes.post("/{callback}/take", responses=answers(Callback))
    async def take(callback: UUID, who: Caller, key: Key) -> Response:
        """I see to it. To call at once: `POST /calls` with `callback`."""
        return await _run(parts, requests.TakeCallback(callback=callback), who, key)

    @routes.post("/{callback}/release", responses=answers(Callback))
    async def release(callback: UUID, who: Caller, key: Key) -> Response:
        """Back on the list."""
        return await _run(parts, requests.ReleaseCallback(callback=callback), who, key)

    @routes.post("/{callback}/reschedule", responses=answers(Callback))
    async def reschedule(callback: UUID, body: WindowIn, who: Caller, key: Key) -> Response:
        """Another window was agreed."""
        return await _run(
            parts, requests.RescheduleCallback(callback=callback, since=body.since, until=body.until), who, key
        )

    @routes.post("/{callback}/done", responses=answers(Callback))
    async def done(callback: UUID, body: DoneIn, who: Caller, key: Key) -> Response:
        """They were called back."""
        return await _run(parts, requests.FinishCallback(callback=callback, call=body.call), who, key)

    @routes.post("/{callback}/cancel", responses=answers(Callback))
    async def cancel(callback: UUID, body: CancelIn, who: Caller, key: Key) -> Response:
        """No call any more."""
        return await _run(parts, requests.CancelCallback(callback=callback, reason=body.reason), who, key)


async def _run(parts: Parts, request: requests.CallbackRequest, who: Caller, key: str | None) -> Response:
    return await done(parts, request, who.name, key, callbacks.get, "callbacks", "incidents")
