"""`/agent/incidents/{number}`: one timeline for all channels, and everything an agent can do to it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from msgspec.structs import replace
from starlette.responses import Response

from channels.text import one_line
from eventstore import sight
from eventstore.database import Connection
from projections import incidents
from projections.incidents import IncidentDetail
from schemas.errors import AnsweredMeanwhileError, NotFoundError
from schemas.ids import new_id
from services.access import teams
from services.deliveries import standing
from services.drafts import drafts, uploads
from services.drafts.drafts import Kind
from services.outcomes import Outcome
from services.web.api.shapes import NUMBER_MAX, POSITION_MAX
from services.web.guard import caller
from services.web.pages import composer, incident_actions, incident_view, posted
from services.web.pages.incident_actions import ACTIONS
from services.web.pages.incident_view import Beside
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_ENTRIES_MAX = 1000
_ALL_MAX = 20_000
_PROJECTIONS = ("incidents", "timeline", "customers", "casework", "organizations")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")

Number = Annotated[int, Path(ge=1, le=NUMBER_MAX)]


@dataclass(frozen=True)
class _Typed:
    """What was in the form that is refused, and why."""

    action: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    uploads: tuple[UUID, ...] = ()
    shown: Mapping[str, object] = field(default_factory=dict[str, object])


def router(parts: Parts, screen: Screen) -> Router:
    """One incident."""
    routes = Router(include_in_schema=False)
    _showing(routes, parts, screen)
    _acting(routes, parts, screen)
    return routes


def _showing(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/agent/incidents/{number}")
    async def show(
        request: Request,
        number: Number,
        part: str = "",
        everything: Annotated[str, Query(alias="all")] = "",
        min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    ) -> Response:
        by = caller(request).name
        fresh = await parts.wait_for(min_position, *_PROJECTIONS) if min_position else True
        context = await _timeline(parts, by, number, everything=bool(everything), fresh=fresh)
        if part == "timeline":
            return screen.render(request, "agent/timeline.html", context)
        return screen.render(request, "agent/incident.html", await _page(parts, by, context, _Typed()))

    @routes.get("/agent/incidents/{number}/insert")
    async def insert(request: Request, number: Number, q: Annotated[str, Query(max_length=200)] = "") -> Response:
        by, language = caller(request).name, screen.language(request)
        words = one_line(q)
        meaning = await parts.questions.meaning(words)
        found = await parts.hub.database.run(composer.insertable, number, by, words, language, meaning)
        context = {**found, "q": one_line(q), "number": number, "public_url": parts.hub.settings.public_url}
        return screen.render(request, "agent/insert.html", context)


def _acting(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.post("/agent/incidents/{number}/{action}")
    async def act(request: Request, number: Number, action: str) -> Response:
        if action not in ACTIONS:
            raise NotFoundError("no such action")
        by = caller(request).name
        typed = _Typed(action)
        try:
            async with composer.came(request) as form:
                typed = _Typed(action, form.fields)
                typed = _Typed(action, form.fields, await composer.kept_files(parts, number, form, by))
            out = await _do(parts, number, typed, by)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            status, headers, refused = _refused(error, typed)
            context = await _page(parts, by, await _timeline(parts, by, number), refused)
            return screen.render(request, "agent/incident.html", context, status=status, headers=headers)
        if action == "withdraw" and out.interaction is not None:
            await parts.wait_for(out.position, *_PROJECTIONS)
            await composer.give_back(parts, number, out.interaction, by)
        done = {"reply": None, "note": None, "withdraw": "withdrawn"}.get(action, "saved")
        seen = out.number if action == "split" and out.number else number
        page = f"/agent/incidents/{seen}" if await _is_seen(parts, seen, out.position) else "/agent"
        return redirect(request, page, min_position=out.position, done=done, undo=out.undo)

    @routes.post("/agent/incidents/{number}/replies/{interaction}/send-again")
    async def send_again(request: Request, number: Number, interaction: UUID) -> Response:
        await posted.fields(request)
        done = await parts.hub.access.run(caller(request).name, standing.send_again, interaction)
        page = f"/agent/incidents/{number}"
        return redirect(request, page, min_position=done.position, done="sent_again")


async def _is_seen(parts: Parts, number: int, position: int) -> bool:
    """Still, by whoever asks? Not when it was given to a closed team."""
    if not sight.current().hidden:
        return True
    await parts.wait_for(position, "incidents")
    return await parts.hub.database.run(incidents.get, number) is not None


def _refused(error: Exception, typed: _Typed) -> tuple[int, Mapping[str, str], _Typed]:
    status, headers, shown = posted.refusal(error)
    if isinstance(error, AnsweredMeanwhileError):  # asked once: what is sent next has no version
        ago = max(0, round((datetime.now(UTC) - error.at).total_seconds()))
        fields = {**typed.fields, "version": ""}
        return status, headers, _Typed(typed.action, fields, typed.uploads, {"meanwhile": (error.by, ago)})
    return status, headers, _Typed(typed.action, typed.fields, typed.uploads, shown)


async def _timeline(
    parts: Parts, by: str, number: int, *, everything: bool = False, fresh: bool = True
) -> dict[str, object]:
    position = await parts.folded(*_PROJECTIONS)
    view = await parts.hub.database.run(incident_view.read, number, _ALL_MAX if everything else _ENTRIES_MAX, by)
    return {
        "incident": view.incident,
        "view": view,
        "now": datetime.now(UTC),
        "older": view.older and not everything,
        "position": position,
        "fresh": fresh,
        "pictures": _PICTURES,
        "several_mailboxes": len(parts.hub.settings.mail_addresses) > 1,
    }


async def _page(parts: Parts, by: str, context: dict[str, object], typed: _Typed) -> dict[str, object]:
    beside = await parts.hub.database.run(_beside, parts, context["incident"], by, typed)
    return context | {
        "beside": beside,
        "teams": await parts.hub.database.run(teams.list_teams),
        "action": typed.action,
        "version": typed.fields.get("version"),
        "key": typed.fields.get("idempotency_key") or str(new_id()),
        "problem": "",
        "errors": (),
        "meanwhile": None,
        **typed.shown,
    }


async def _do(parts: Parts, number: int, typed: _Typed, by: str) -> Outcome:
    key = typed.fields.get("idempotency_key") or None
    if typed.action not in set(Kind):
        return await parts.commands.run(ACTIONS[typed.action](number, typed.fields), by=by, idempotency_key=key)
    if typed.action == Kind.REPLY:
        hold = parts.hub.settings.send_hold_seconds
        asked = incident_actions.reply(number, typed.fields, typed.uploads, hold_seconds=hold)
        out = await parts.commands.run(asked, by=by, idempotency_key=key)
    else:
        note = incident_actions.note(number, typed.fields, typed.uploads)
        out = await parts.commands.run(note, by=by, idempotency_key=key)
    await parts.hub.database.run(drafts.drop, out.subject, Kind(typed.action), by=by)
    return out


def _beside(connection: Connection, parts: Parts, incident: object, by: str, typed: _Typed) -> Beside:
    """What stands beside it; what was typed goes before the draft."""
    assert isinstance(incident, IncidentDetail)  # noqa: S101 -- of the context made above
    found = incident_view.beside(connection, parts, incident, by)
    if typed.action not in set(Kind):
        return found
    draft = replace(found.drafts[typed.action], text=typed.fields.get("text", ""), uploads=typed.uploads)
    files = uploads.named(connection, typed.uploads, by=by)
    return incident_view.with_draft(found, typed.action, draft, files)
