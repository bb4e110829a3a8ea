"""The anonymous visit behind the help centre's pages: a first-party cookie with a random id, and what it did.

What happens is recorded beside the answer, never before it: a page must not wait for statistics. Of who asks not to be
followed, and of bots, nothing is recorded and no id kept (services/knowledge/counted.py).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response

from channels import http_body
from channels.limits import Limit, Rate, network_of
from projections.articles import ANYBODY, Reader
from schemas.errors import CauceError
from schemas.facts.visit import Surface, VoteReason
from schemas.ids import new_id
from services.knowledge.counted import counts
from services.knowledge.visit_writer import VisitWriter
from services.knowledge.visits import Happened, Kind
from services.web import languages
from services.web.parts import Parts

log = structlog.get_logger()

_COOKIE = "cauce_visit"
_LOOKED = "cauce_looked"
_LOOKING = frozenset({Kind.SEARCHED, Kind.SUGGESTED, Kind.OPENED})
_MINUTES = 60
_SURFACES = {
    "contact": Surface.FORM,
    "suggest": Surface.FORM,
    "callback": Surface.FORM,
    "widget": Surface.WIDGET,
    "chat": Surface.WIDGET,
}
"""By the first word of a page's address; all others are the help centre."""
_FROM_ONE_PLACE = Rate(burst=120, per_second=2.0)


class Visitors:
    """Notes what visitors do."""

    def __init__(self, writer: VisitWriter, *, rate_limit: bool, https: bool) -> None:
        self._writer = writer
        self._https = https
        self._places = Limit(_FROM_ONE_PLACE, on=rate_limit)
        self._noting: set[asyncio.Task[None]] = set()

    def note(
        self,
        request: Request,
        response: Response,
        kind: Kind,
        *,
        reader: Reader = ANYBODY,
        query: str = "",
        results: tuple[UUID, ...] = (),
        article: UUID | None = None,
        helpful: bool | None = None,
        interaction: UUID | None = None,
        seconds: int = 0,
        reason: VoteReason | None = None,
        words: str = "",
        file: UUID | None = None,
        surface: Surface | None = None,
        product: str = "",
    ) -> None:
        """Note it and keep the visit's cookie alive, if this visit counts; that of our own people doesn't.

        `product`: what the page is about; `surface`: where the page's address doesn't say it.
        """
        if reader.agent:
            return
        if kind in _LOOKING:
            self._keep(response, _LOOKED, "1")
        if not counts(request.headers):
            return
        visit = self._visit(request)
        self._keep(response, _COOKIE, str(visit))
        happened = Happened(
            visit=visit,
            kind=kind,
            now=datetime.now(UTC),
            query=query,
            results=results,
            article=article,
            helpful=helpful,
            interaction=interaction,
            seconds=seconds,
            reason=reason,
            words=words,
            file=file,
            surface=surface or _SURFACES.get(request.scope["path"].split("/")[1], Surface.HELP_CENTRE),
            language=response.headers.get("content-language") or languages.prefix_of(request).strip("/"),
            product=product,
        )
        task = asyncio.create_task(self._record(happened, network_of(http_body.peer(request))))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _record(self, happened: Happened, place: str) -> None:
        try:
            self._places.take(place)
            await self._writer.record(happened)
        except CauceError as error:
            log.info("visit_not_noted", kind=happened.kind, error=type(error).__name__)

    @staticmethod
    def has_looked(request: Request) -> bool:
        """Did this visitor search, read, or see a suggestion before?"""
        return _LOOKED in request.cookies

    def _keep(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(name, value, max_age=_MINUTES * 60, httponly=True, samesite="lax", secure=self._https)

    def _visit(self, request: Request) -> UUID:
        try:
            return UUID(request.cookies.get(_COOKIE, ""))
        except ValueError:
            return new_id()


def visitors_of(parts: Parts) -> Visitors:
    """Who notes what visitors do."""
    settings = parts.hub.settings
    return Visitors(parts.visits, rate_limit=settings.rate_limit, https=settings.public_url.startswith("https:"))
