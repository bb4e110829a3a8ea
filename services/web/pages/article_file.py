"""`GET /articles/{article}/files/{file}`: a picture of an article, or a download, for whom the article is meant."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from eventstore.database import Connection
from eventstore.sight import EVERYTHING, seeing
from projections import articles
from projections.articles import FileRow, Reader, desk
from projections.timeline import StoredFile
from schemas.errors import NotFoundError
from services.knowledge.article_files import PICTURES
from services.knowledge.visits import Kind
from services.web.api.files import served
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, _: Screen) -> Router:
    """One route."""
    routes = Router(include_in_schema=False)
    visitors = visitors_of(parts)
    readers = Readers(parts)

    @routes.get("/articles/{article}/files/{file}")
    async def get(request: Request, article: UUID, file: UUID) -> Response:
        who = await parts.guard.identify(request)
        reader = await readers.known_as(request, who)
        with seeing(EVERYTHING if who is None else who.sight):  # no guard did, for a page that is everybody's
            found = await parts.hub.database.run(_file, reader, article, file)
        if found is None:
            raise NotFoundError("no such file")
        stored = StoredFile(name=found.name, bytes=found.bytes, media_type=found.media_type, blob=found.blob)
        response = await served(parts.hub.blobs, stored, inline=found.media_type in PICTURES)
        if found.media_type not in PICTURES:
            visitors.note(request, response, Kind.DOWNLOADED, reader=reader, article=article, file=file)
        return response

    return routes


def _file(connection: Connection, reader: Reader, article: UUID, file: UUID) -> FileRow | None:
    """Agents see also what belongs to the drafts they see."""
    if desk.get(connection, article) is None:
        return None
    offered = desk.files(connection, article) if reader.agent else articles.files(connection, reader, [article])
    return next((each for each in offered if each.file == file), None)
