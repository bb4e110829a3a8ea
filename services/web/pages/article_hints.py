"""An article begun from an answer; beside its editor, what in its text is personal and what is wrong with a guide."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from functools import partial
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from eventstore.database import Connection
from projections.articles import ArticleRow, desk
from schemas.errors import ConflictError, NotFoundError
from schemas.facts.article import ArticleKind
from services.knowledge import from_answer, guide, personal
from services.web.guard import caller
from services.web.instead import instead
from services.web.pages import posted
from services.web.pages.incident import Number
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """A button of the incident's page and a fragment of the editor's."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database
    replacing = partial(instead, default=parts.hub.settings.locale)

    @routes.post("/agent/incidents/{number}/article-of")
    async def begin(request: Request, number: Number) -> Response:
        fields = await posted.fields(request)
        answer = posted.uuid(fields.get("answer", ""), "answer")
        asked = await database.run(from_answer.begin, number, answer, by=caller(request).name, instead=replacing)
        try:
            position = await parts.library.run(asked)
        except ConflictError:  # begun before: the same article
            return redirect(request, f"/knowledge/{asked.article}")
        await parts.wait_for(position, "articles")
        return redirect(request, f"/knowledge/{asked.article}", min_position=position)

    @routes.post("/knowledge/{article}/hints")
    async def hints(request: Request, article: UUID) -> Response:
        fields = await posted.fields(request)
        row, names = await database.run(_about, article)
        words = replacing(row.language)
        title, body = fields.get("title", ""), fields.get("body", "")
        context = {
            "marked": [line for text in (title, *body.split("\n")) if (line := _marked(text, names))],
            "replaced": (personal.replaced(title, names, words), personal.replaced(body, names, words)),
            "faults": guide.read(body)[1] if row.kind == ArticleKind.GUIDE and body.strip() else [],
        }
        return screen.render(request, "agent/article_hints.html", context)

    return routes


def _about(connection: Connection, article: UUID) -> tuple[ArticleRow, list[str]]:
    row = desk.get(connection, article)
    if row is None:
        raise NotFoundError("no such article")
    return row, from_answer.names(connection, row.source) if row.source else []


def _marked(line: str, names: list[str]) -> list[tuple[str, personal.Tells | None]]:
    """A line in pieces, if something in it is personal."""
    found = personal.find(line, names)
    return list(personal.pieces(line, found)) if found else []
