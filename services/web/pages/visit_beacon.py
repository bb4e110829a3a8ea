"""`POST /visit`: what only a page's script knows: how long an article was in sight, and that a chat began."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from schemas.errors import InvalidError
from schemas.facts.visit import Surface
from services.knowledge.visits import READ_SECONDS_MAX, Kind
from services.web.pages import posted
from services.web.pages.readers import Readers
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router

_DIGITS_MAX = 6


def router(parts: Parts) -> Router:
    """One address for the beacons of static/js/public/50-visit.js and 30-chat.js."""
    routes = Router(include_in_schema=False)
    visitors = visitors_of(parts)
    readers = Readers(parts)

    @routes.post("/visit")
    async def told(request: Request) -> Response:
        parts.guard.refuse_foreign(request)
        fields, reader = await posted.fields(request), await readers.of(request)
        response = Response(status_code=204)
        if "article" in fields:
            article, seconds = _read(fields["article"], fields.get("seconds", ""))
            visitors.note(request, response, Kind.TIME_READ, reader=reader, article=article, seconds=seconds)
        else:
            surface = Surface.WIDGET if fields.get("surface") == Surface.WIDGET else Surface.HELP_CENTRE
            said = posted.uuid(fields["interaction"], "interaction") if "interaction" in fields else None
            visitors.note(request, response, Kind.CHAT_STARTED, reader=reader, surface=surface, interaction=said)
        return response

    return routes


def _read(article: str, seconds: str) -> tuple[UUID, int]:
    if not seconds.isdecimal() or len(seconds) > _DIGITS_MAX:
        raise InvalidError("a number of seconds", field="seconds")
    try:
        return UUID(article), min(int(seconds), READ_SECONDS_MAX)
    except ValueError as error:
        raise InvalidError("which article?", field="article") from error
