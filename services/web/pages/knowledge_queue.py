"""`/knowledge/queue`: what waits for whoever writes: drafts to review, gaps, doubts, reviews that are due."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import incidents
from projections.articles import desk, queue
from projections.articles.desk import Asked
from schemas.errors import InvalidError, NotFoundError
from services.knowledge.gaps import DismissGap, FillGap, GapRequest, ReopenGap
from services.knowledge.shelving import SettleDoubt
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

_CLOSED_MAX = 10
_LISTED_MAX = 50
_OFFERED_MAX = 500
_PAGE = "/knowledge/queue"

_Made = Callable[[UUID, Mapping[str, str], str], GapRequest]


def _fill(gap: UUID, fields: Mapping[str, str], by: str) -> GapRequest:
    article = posted.uuid(fields.get("article", "").rpartition("/")[2].strip(), "article")
    return FillGap(gap=gap, article=article, by=by, now=datetime.now(UTC))


_ACTIONS: Mapping[str, _Made] = {
    "fill": _fill,
    "dismiss": lambda gap, _, by: DismissGap(gap=gap, by=by, now=datetime.now(UTC)),
    "reopen": lambda gap, _, by: ReopenGap(gap=gap, by=by, now=datetime.now(UTC)),
}
"""What the buttons beside a gap ask for, by the last part of their address."""


def router(parts: Parts, screen: Screen) -> Router:
    """The list and its buttons."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    @routes.get("/knowledge/queue")
    async def show(request: Request, min_position: posted.Position = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "articles")
        return await page(request, None)

    @routes.post("/knowledge/gaps/{gap}/{action}")
    async def act(request: Request, gap: UUID, action: str) -> Response:
        made = _ACTIONS.get(action)
        if made is None:
            raise NotFoundError("no such action")
        fields = await posted.fields(request)
        alike = await database.run(queue.asked_alike, gap)
        try:
            asked = [made(each, fields, caller(request).name) for each in alike]
            position = await parts.library.run(*asked)
        except InvalidError as error:
            return await page(request, error)
        done = {"fill": "gap_filled", "dismiss": "gap_dismissed", "reopen": "saved"}[action]
        return redirect(request, _PAGE, min_position=position, done=done)

    @routes.post("/knowledge/doubts/{article}/{flag}/settle")
    async def settle(request: Request, article: UUID, flag: UUID) -> Response:
        fields = await posted.fields(request)
        asked = SettleDoubt(article=article, flag=flag, by=caller(request).name, now=datetime.now(UTC))
        position = await parts.library.run(asked)
        back = posted.local(one_line(fields.get("next", ""))) or _PAGE
        return redirect(request, back, min_position=position, done="doubt_settled")

    async def page(request: Request, error: Exception | None) -> Response:
        status, headers, shown = posted.outcome(error)
        context = await database.run(_read)
        return screen.render(request, "agent/knowledge_queue.html", context | shown, status=status, headers=headers)

    return routes


def _read(connection: Connection) -> dict[str, object]:
    doubts, gaps = queue.doubts(connection), queue.lacking(connection)
    closed = queue.lacking(connection, is_open=False, limit=_CLOSED_MAX)
    asked = [each.incident for group in (*gaps, *closed) for each in group.gaps]
    where = {each for each in (*asked, *(doubt.incident for doubt in doubts)) if each is not None}
    today = datetime.now(UTC).date()
    return {
        "reviews": desk.find(connection, Asked(state="review"), limit=_LISTED_MAX).items,
        "due": desk.find(connection, Asked(due=today), limit=_LISTED_MAX).items,
        "doubts": doubts,
        "gaps": gaps,
        "closed": closed,
        "numbers": incidents.roots(connection, list(where)),
        "offered": queue.published(connection, _OFFERED_MAX),
    }
