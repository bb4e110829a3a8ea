"""`/callback`: a customer asks to be called, at a time of theirs. Works without scripts; ends on the status page."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from starlette.responses import Response

from channels import http_body
from channels.callback import CallbackForm
from channels.form import IDEMPOTENCY_FIELD
from channels.opening_hours import zone_of
from schemas.errors import InvalidError
from schemas.ids import new_id
from services.knowledge.visits import Kind
from services.web.pages import posted, windows
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen, redirect
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router

_FIELDS = ("name", "phone", "about", "window", "website")


def router(parts: Parts, screen: Screen) -> Router:
    """The wish to be called."""
    routes = Router(include_in_schema=False)
    visitors = visitors_of(parts)
    readers = Readers(parts)

    def context(request: Request, fields: Mapping[str, str], zone: str) -> dict[str, object]:
        known = _zone(zone) or parts.callbacks.hours.zone
        return {
            "fields": {name: fields.get(name, "") for name in _FIELDS},
            "days": windows.days(parts.callbacks.hours, known, screen.language(request)),
            "zone": known.key,
            "ours": parts.callbacks.hours.zone.key,
            "is_open": parts.callbacks.hours.is_open(datetime.now(UTC)),
            "key": fields.get(IDEMPOTENCY_FIELD) or str(new_id()),
            "problem": "",
            "errors": (),
        }

    @routes.get("/callback")
    async def show(request: Request, tz: Annotated[str, Query(max_length=64)] = "") -> Response:
        response = screen.render(request, "public/callback.html", context(request, {}, tz))
        visitors.note(request, response, Kind.CONTACT_STARTED, reader=await readers.of(request))
        return response

    @routes.post("/callback")
    async def ask(request: Request) -> Response:
        parts.forms.admit(http_body.peer(request))
        fields = await posted.fields(request)
        zone = fields.get("time_zone", "")
        try:
            since, until = windows.chosen(fields)
            given = {"since": since, "until": until, "locale": screen.language(request), "time_zone": zone or None}
            given |= {name: fields.get(name, "") for name in ("name", "phone", "about", "website")}
            wish = http_body.validate(CallbackForm, given)
            receipt = await parts.callbacks.submit(
                wish, key=fields.get(IDEMPOTENCY_FIELD, ""), digest=wish.model_dump_json().encode()
            )
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            page = context(request, fields, zone) | shown
            return screen.render(request, "public/callback.html", page, status=status, headers=headers)
        response = redirect(request, urlsplit(receipt.status_url).path, done="callback_asked")
        reader = await readers.of(request)
        visitors.note(request, response, Kind.CONTACT_SENT, reader=reader, interaction=receipt.interaction_id)
        return response

    return routes


def _zone(name: str) -> ZoneInfo | None:
    try:
        return zone_of(name) if name else None
    except InvalidError:
        return None
