"""The anonymous visit behind the help centre's pages: a first-party cookie (visit_cookie.py), and what it did.

What happens is recorded beside the answer, never before it: a page must not wait for statistics. Of who asks not to be
followed, and of bots, nothing is recorded and no id kept (services/knowledge/counted.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import structlog
from starlette.requests import Request
from starlette.responses import Response

from channels import http_body
from channels.limits import Limit, network_of
from eventstore.database import Database
from projections import articles
from projections.articles import Reader
from schemas.errors import CauceError
from schemas.facts.visit import Surface, VoteReason
from services.knowledge.counted import counts
from services.knowledge.visit_writer import VisitWriter
from services.knowledge.visits import Happened, Kind
from services.web import languages
from services.web.pages.visit_cookie import DAY_SECONDS, Kept, visit_of
from services.web.parts import Parts

log = structlog.get_logger()

_COOKIE = "cauce_visit"
_FRAMED_COOKIE = "cauce_visit_framed"
"""The same in a frame on somebody else's page, where browsers keep no other: apart for each site that frames it."""
_LOOKED = "cauce_looked"
_LOOKED_SECONDS = 3600
_LOOKING = frozenset({Kind.SEARCHED, Kind.SUGGESTED, Kind.OPENED})
_SURFACES = {"contact": Surface.FORM, "suggest": Surface.FORM, "callback": Surface.FORM}
"""By the first word of a page's address; all others are the help centre, but what is framed: the widget."""


class Visitors:
    """Notes what visitors do."""

    def __init__(self, database: Database, writer: VisitWriter, places: Limit, *, https: bool) -> None:
        self._database = database
        self._writer = writer
        self._places = places
        self._https = https
        self._noting: set[asyncio.Task[None]] = set()

    def note(
        self,
        request: Request,
        response: Response,
        kind: Kind,
        *,
        reader: Reader,
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
        products: Sequence[str] = (),
        product_typed: str = "",
    ) -> None:
        """Note it and keep the visit's cookie alive, if this visit counts; that of our own people doesn't.

        `products`: what the page is about, if that is one; `product_typed`: counted if articles know it;
        `surface`: where the page's address doesn't say it.
        """
        if reader.agent:
            return
        if kind in _LOOKING:
            self._keep(response, _LOOKED, "1", _LOOKED_SECONDS)
        if not counts(request.headers):
            return
        visit = self._visit(request, response, kind)
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
            surface=surface or _surface(request),
            language=response.headers.get("content-language") or languages.prefix_of(request).strip("/"),
            product=products[0] if len(products) == 1 else "",
        )
        noting = self._record(happened, product_typed, network_of(http_body.peer(request)))
        task = asyncio.create_task(noting, name=f"visit-{visit}")
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _record(self, happened: Happened, product_typed: str, place: str) -> None:
        try:
            self._places.take(place)
            if product_typed:
                happened = replace(happened, product=await self._database.run(articles.product_named, product_typed))
            await self._writer.record(happened)
        except (CauceError, psycopg.OperationalError) as error:
            log.info("visit_not_noted", kind=happened.kind, error=type(error).__name__)

    @staticmethod
    def has_looked(request: Request) -> bool:
        """Did this visitor search, read, or see a suggestion before?"""
        return _LOOKED in request.cookies

    def greet(self, request: Request, response: Response) -> None:
        """A frame was opened: only a page gives it a cookie that what it asks for then comes with."""
        if counts(request.headers) and _FRAMED_COOKIE not in request.cookies:
            self._visit(request, response, Kind.OPENED)

    def _visit(self, request: Request, response: Response, kind: Kind) -> UUID:
        """Whose visit this is; one request is of one, however much it notes."""
        state = request.scope.setdefault("state", {})
        kept: Kept | None = state.get(_COOKIE)
        if kept is None:
            framed = _is_framed(request)
            name = _FRAMED_COOKIE if framed else _COOKIE
            kept = state[_COOKIE] = visit_of(request.cookies.get(name, ""), kind, int(time.time()))
            seconds = DAY_SECONDS - (kept.last - kept.began)
            if framed:
                value = f"{name}={kept}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=None; Partitioned"
                response.headers.append("Set-Cookie", value)
            else:
                self._keep(response, name, str(kept), seconds)
        return kept.visit

    def _keep(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=self._https)


def _is_framed(request: Request) -> bool:
    if request.scope["path"].startswith("/widget/"):
        return True
    return _FRAMED_COOKIE in request.cookies and _COOKIE not in request.cookies


def _surface(request: Request) -> Surface:
    if _is_framed(request):
        return Surface.WIDGET
    return _SURFACES.get(request.scope["path"].split("/")[1], Surface.HELP_CENTRE)


def visitors_of(parts: Parts) -> Visitors:
    """Who notes what visitors do."""
    https = parts.hub.settings.public_url.startswith("https:")
    return Visitors(parts.hub.database, parts.visits, parts.visit_places, https=https)
